import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('POST /api/v1/auth/login', () => {
  it('signs in by address and password, with tokens in cookies that no script can read', async () => {
    const browser = gatehouse.browser();
    const answer = await browser.post('/api/v1/auth/login', ADMIN);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['user']);
    expect(answer.body.user).toMatchObject({ email: ADMIN.email, status: 'active' });
    const [access, refresh] = ['__Host-gh.console.at', '__Secure-gh.console.rt'].map((name) =>
      answer.cookies.find((cookie) => cookie.name === name),
    );
    expect(access).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', maxAge: 900 });
    expect(refresh).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/api/v1/auth' });
    expect(access).not.toHaveProperty('domain');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('finds the account whatever the case of the address', async () => {
    const answer = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { ...ADMIN, email: 'ROOT@Example.COM' });
    expect(answer.status).toBe(200);
  });

  it('answers a wrong password and an unknown address alike', async () => {
    const wrong = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { ...ADMIN, password: 'Wrong-Pass-1' });
    const unknown = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { ...ADMIN, email: 'nobody@example.com' });
    for (const answer of [wrong, unknown]) {
      expect(answer.status).toBe(401);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ code: 'auth.invalid_credentials', status: 401 });
      expect(answer.cookies).toEqual([]);
    }
    expect({ ...wrong.body, correlationId: '' }).toEqual({ ...unknown.body, correlationId: '' });
  });
});

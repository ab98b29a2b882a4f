import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('two hundred renewals of one token at once [threat 55]', () => {
  it('make one successor: everybody holds the same, nobody is signed out, no second token lives', async () => {
    const browser = await gatehouse.admin();
    const tabs = Array.from({ length: 200 }, () => browser.clone());
    const answers = await Promise.all(tabs.map((tab) => tab.post('/api/v1/auth/refresh')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const successors = new Set(tabs.map((tab) => tab.cookies.get('__Secure-gh.console.rt')));
    expect(successors.size).toBe(1);
    expect((await tabs[7]?.get('/api/v1/auth/me'))?.status).toBe(200);
    const [session] = await gatehouse.sql<{ generation: number }>(
      'select generation from gatehouse.sessions where ended_at is null',
    );
    expect(session?.generation).toBe(1);
  });

  it('end the family after the window, with the successor in flight', async () => {
    const browser = await gatehouse.admin();
    const stale = browser.clone();
    await browser.post('/api/v1/auth/refresh');
    gatehouse.clock.advance({ seconds: 31 });
    const [good, bad] = await Promise.all([
      browser.post('/api/v1/auth/refresh'),
      stale.post('/api/v1/auth/refresh'),
    ]);
    expect(bad.status).toBe(401);
    expect([200, 401]).toContain(good.status);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
  });

  it('outlive a restart: what was spent stays spent [threat 56]', async () => {
    const first = await startServer();
    const name = new URL(
      first.databaseUrl.replace(/^postgres(ql)?:/, 'http:').replace('@/', '@localhost/'),
    ).pathname.slice(1);
    const browser = await first.admin();
    const old = browser.clone();
    await browser.post('/api/v1/auth/refresh');
    await browser.post('/api/v1/auth/refresh');
    await first.server.close();
    const second = await startServer({ database: name, clock: first.clock });
    try {
      const thief = second.browser();
      for (const [cookie, value] of old.cookies) thief.cookies.set(cookie, value);
      expect((await thief.post('/api/v1/auth/refresh')).status).toBe(401);
    } finally {
      await second.close();
    }
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
let browser: TestBrowser;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  browser = await gatehouse.admin();
});

const REFRESH = '/api/v1/auth/refresh';
const refreshCookie = (of: TestBrowser) => of.cookies.get('__Secure-gh.console.rt');
const claimsOf = (of: TestBrowser) => {
  const payload = of.cookies.get('__Host-gh.console.at')?.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    jti: string;
    iat: number;
    exp: number;
    sid: string;
  };
};
const isSignedIn = async (of: TestBrowser) => (await of.get('/api/v1/auth/me')).status === 200;
const actions = async () =>
  (
    await gatehouse.sql<{ action: string }>(
      'select action from gatehouse.audit_records order by id desc limit 3',
    )
  ).map((row) => row.action);

describe('POST /api/v1/auth/refresh', () => {
  it('rotates the refresh token, keeps the session, and is not audited', async () => {
    const before = refreshCookie(browser);
    const { sid, jti } = claimsOf(browser);
    const [audited] = await gatehouse.sql<{ n: number }>(
      'select count(*)::int as n from gatehouse.audit_records',
    );
    gatehouse.clock.advance({ minutes: 16 });
    expect(await isSignedIn(browser)).toBe(false);
    const answer = await browser.post(REFRESH);
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ email: 'root@example.com' });
    expect(answer.headers['ratelimit-limit']).toBeDefined();
    expect(refreshCookie(browser)).not.toBe(before);
    expect(claimsOf(browser)).toMatchObject({ sid });
    expect(claimsOf(browser).jti).not.toBe(jti);
    expect(await isSignedIn(browser)).toBe(true);
    expect(
      (await gatehouse.sql<{ n: number }>('select count(*)::int as n from gatehouse.audit_records'))[0],
    ).toEqual(audited);
  });

  it('gives a lost answer again: the same refresh token, jti, iat and exp, on record', async () => {
    const retry = browser.clone();
    await browser.post(REFRESH);
    gatehouse.clock.advance({ seconds: 29 });
    const again = await retry.post(REFRESH);
    expect(again.status).toBe(200);
    expect(refreshCookie(retry)).toBe(refreshCookie(browser));
    const { jti, iat, exp } = claimsOf(browser);
    expect(claimsOf(retry)).toMatchObject({ jti, iat, exp });
    expect((await actions())[0]).toBe('session_renewal_replayed');
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('gives it again as often as a session may renew in a minute, and puts the first time on record', async () => {
    const small = await startServer({ env: { RATE_LIMIT_AUTH_PER_MINUTE: '5' } });
    try {
      const own = await small.admin();
      const retry = own.clone();
      await own.post(REFRESH);
      const answers = [];
      for (let i = 0; i < 8; i += 1) answers.push((await retry.clone().post(REFRESH)).status);
      expect(answers).toEqual([...Array(5).fill(200), ...Array(3).fill(429)]);
      const replayed = () =>
        small.sql(`select from gatehouse.audit_records where action = 'session_renewal_replayed'`);
      expect(await replayed()).toHaveLength(1);
      const next = own.clone();
      expect((await own.post(REFRESH)).status).toBe(200);
      expect((await next.post(REFRESH)).status).toBe(200);
      expect(await replayed()).toHaveLength(2);
    } finally {
      await small.close();
    }
  });

  it('ends the family when the spent token comes after the window', async () => {
    const thief = browser.clone();
    await browser.post(REFRESH);
    gatehouse.clock.advance({ seconds: 31 });
    const answer = await thief.post(REFRESH);
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('auth.session_expired');
    expect(answer.cookies.every((cookie) => cookie.maxAge === 0)).toBe(true);
    expect((await actions())[0]).toBe('session_reuse_detected');
    expect(await isSignedIn(browser)).toBe(false);
    expect((await browser.post(REFRESH)).status).toBe(401);
  });

  it('ends the family when the spent token comes after its successor was used', async () => {
    const thief = browser.clone();
    await browser.post(REFRESH);
    await browser.post(REFRESH);
    expect((await thief.post(REFRESH)).status).toBe(401);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('ends the family when another browser presents the spent token, even within the window', async () => {
    const thief = gatehouse.browser({ userAgent: 'Another browser' });
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    await browser.post(REFRESH);
    expect((await thief.post(REFRESH)).status).toBe(401);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('refuses a token that was altered anywhere, without asking the database', async () => {
    const token = refreshCookie(browser) ?? '';
    for (const position of [0, 12, 40, 60, 90, token.length - 3]) {
      const flipped = token[position] === 'A' ? 'B' : 'A';
      const forged = browser.clone();
      forged.cookies.set(
        '__Secure-gh.console.rt',
        token.slice(0, position) + flipped + token.slice(position + 1),
      );
      expect((await forged.post(REFRESH)).status).toBe(401);
    }
    expect((await browser.post(REFRESH)).status).toBe(200);
  });

  it('slides for seven days at a time and never beyond thirty', async () => {
    gatehouse.clock.advance({ days: 6, hours: 23 });
    expect((await browser.post(REFRESH)).status).toBe(200);
    for (let week = 1; week <= 3; week += 1) {
      gatehouse.clock.advance({ days: 6 });
      expect((await browser.post(REFRESH)).status).toBe(200);
    }
    gatehouse.clock.advance({ days: 5, hours: 2 });
    expect((await browser.post(REFRESH)).status).toBe(401);

    const idle = await gatehouse.admin();
    gatehouse.clock.advance({ days: 7, seconds: 1 });
    expect((await idle.post(REFRESH)).status).toBe(401);
  });

  it('belongs to its client: another client’s name finds no cookie, and a moved cookie is refused', async () => {
    await browser.post('/api/v1/clients', { clientId: 'other-app', name: 'Other', kind: 'spa' });
    const moved = browser.clone();
    moved.cookies.set('__Secure-gh.other-app.rt', refreshCookie(browser) ?? '');
    expect((await moved.post(REFRESH, { client: 'other-app' })).status).toBe(401);
    expect((await browser.post(REFRESH)).status).toBe(200);
  });

  it('counts renewals by session', async () => {
    const limited = await startServer({ env: { RATE_LIMIT_AUTH_PER_MINUTE: '50' } });
    try {
      const one = await limited.admin();
      const two = await limited.admin();
      const statuses: number[] = [];
      for (let renewal = 1; renewal <= 51; renewal += 1) statuses.push((await one.post(REFRESH)).status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(50);
      expect(statuses.at(-1)).toBe(429);
      expect((await two.post(REFRESH)).status).toBe(200);
      limited.clock.advance({ seconds: 61 });
      expect((await one.post(REFRESH)).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});

describe('two refresh cookies of one name', () => {
  it('count for nothing: a sibling host may have planted the first', async () => {
    const [victim, attacker] = [await gatehouse.admin(), await gatehouse.admin()];
    const both = [attacker, victim].map((of) => `__Secure-gh.console.rt=${refreshCookie(of)}`).join('; ');
    const answer = await gatehouse.browser().post(REFRESH, {}, { cookie: both });
    expect([answer.status, answer.body.code]).toEqual([401, 'auth.session_expired']);
    expect((await victim.post(REFRESH)).status).toBe(200);
  });
});

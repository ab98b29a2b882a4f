import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import type { TestBrowser } from '../browser.fixture.ts';
import { ADMIN, startServer, type TestServer } from '../server.fixture.ts';
import { listOperations } from './operations.fixture.ts';
import { PASSWORD, registerTenant } from './people.fixture.ts';

const LOGIN = '/api/v1/auth/login';
const VICTIM = { email: 'victim@alpha.example', password: PASSWORD };

/** What a visitor brings along is worth nothing once somebody signs in. */
describe('signing in', () => {
  let gatehouse: TestServer;
  beforeAll(async () => {
    gatehouse = await startServer();
    await registerTenant(gatehouse, 'Alpha', VICTIM.email);
  });
  afterAll(() => gatehouse.close());

  const who = async (browser: TestBrowser) => {
    const { body } = await browser.get('/api/v1/auth/me');
    const [user, session] = [body.user, body.session] as ({ id: string; email: string } | undefined)[];
    return { email: user?.email, session: session?.id };
  };

  it('takes over no session that was planted in the browser before, and gives the planter nothing [threat 33]', async () => {
    const planter = await gatehouse.admin();
    const planted = await who(planter);
    const browser = planter.clone();
    expect((await browser.post(LOGIN, VICTIM)).status).toBe(200);
    const mine = await who(browser);
    expect(mine.email).toBe(VICTIM.email);
    expect(mine.session).not.toBe(planted.session);
    expect(await who(planter)).toEqual(planted);
    // Nor does the planter's refresh token become one of the new session.
    expect((await planter.post('/api/v1/auth/refresh', {})).status).toBe(200);
    expect((await who(planter)).email).toBe(ADMIN.email);
    expect((await who(browser)).email).toBe(VICTIM.email);
  });

  it('adopts no made-up cookie as a session, a device or a CSRF token [threat 33]', async () => {
    const values = ['fixed', newId(), 'v1.x.y.z', `${newId()}.${newId()}`, 'undefined', '0'];
    for (const value of values) {
      const browser = gatehouse.browser();
      for (const name of [
        '__Host-gh.console.at',
        '__Secure-gh.console.rt',
        '__Host-gh.device',
        'sid',
        'session',
        'csrf',
      ])
        browser.cookies.set(name, value);
      browser.csrf = value;
      const answer = await browser.post(LOGIN, VICTIM);
      expect(answer.status, value).toBe(200);
      for (const cookie of answer.cookies) expect(cookie.value, cookie.name).not.toBe(value);
      expect(answer.headers['x-csrf-token']).not.toBe(value);
      expect((await who(browser)).session).not.toBe(value);
    }
  });

  it('opens a session with an id of its own each time, in the same browser too [threat 33]', async () => {
    const browser = gatehouse.browser();
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 5; i += 1) {
      expect((await browser.post(LOGIN, VICTIM)).status).toBe(200);
      seen.add((await who(browser)).session);
    }
    expect(seen.size).toBe(5);
    expect(seen.has(undefined)).toBe(false);
  });

  it('has the same password rules on every operation that sets one [threat 42] [threat 46] [threat 47] [threat 48]', async () => {
    // These compare a password and set none.
    const comparing = new Set(['login', 'confirmRegistration', 'changeEmail', 'confirmEmail', 'stepUp']);
    const setting = (await listOperations(gatehouse))
      .filter(({ operationId }) => !comparing.has(operationId))
      .flatMap((operation) => {
        const { password, newPassword } = operation.body?.schema.properties ?? {};
        return newPassword || password
          ? [{ ...operation, member: newPassword ? 'newPassword' : 'password' }]
          : [];
      });
    expect(setting.map(({ operationId }) => operationId)).toEqual(
      expect.arrayContaining(['register', 'setPassword', 'resetPassword', 'changePassword', 'setUp']),
    );
    const admin = await gatehouse.admin();
    const passwords: [string, string][] = [
      [`Aa1${'x'.repeat(70)}`, 'password.too_long'],
      [`Aa1${'é'.repeat(35)}`, 'password.too_long'],
      [`Aa1${'😀'.repeat(18)}`, 'password.too_long'],
      ['Good-Pass-1\u0000b', 'password.too_weak'],
      ['Good-Pass-1\u0000c', 'password.too_weak'],
      ['Sh0rt', 'password.too_weak'],
      ['no-upper-case-1', 'password.too_weak'],
      ['NO-LOWER-CASE-1', 'password.too_weak'],
      ['No-Digit-Here', 'password.too_weak'],
      ['Password1', 'password.too_common'],
      ['Sunshine-2024!', 'password.too_common'],
      [`Aa1${'x'.repeat(1022)}`, 'request.invalid'],
    ];
    for (const operation of setting) {
      for (const [password, code] of passwords) {
        const answer = await admin.post(operation.path, {
          ...operation.body?.example,
          [operation.member]: password,
        });
        const where = `${operation.operationId} ${password.slice(0, 20)}: ${answer.text}`;
        expect([answer.status, answer.body.code], where).toEqual([400, code]);
      }
    }
  });

  it('hashes no password of more than 1024 characters, and none longer than bcrypt reads [threat 48]', async () => {
    const long = await gatehouse.browser().post(LOGIN, { ...VICTIM, password: 'x'.repeat(1025) });
    expect([long.status, long.body.code]).toEqual([400, 'request.invalid']);
    for (const more of ['\u0000', '\u0000x', ' ', 'x'.repeat(100)]) {
      const answer = await gatehouse.browser().post(LOGIN, { ...VICTIM, password: VICTIM.password + more });
      expect(answer.status, JSON.stringify(more)).toBe(401);
    }
    expect((await gatehouse.browser().post(LOGIN, VICTIM)).status).toBe(200);
  });
});

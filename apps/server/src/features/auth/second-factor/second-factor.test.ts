import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import { addOwner, LOGIN, signedIn } from '../../../../test/recovery.fixture.ts';
import {
  type Account,
  addAuthenticator,
  FACTORS,
  ME,
  openAccount,
  sessionsOf,
  STEP_UP,
  VERIFY,
} from '../../../../test/second-factor.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { PASSWORD, type Person } from '../../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
let account: Account;
let owner: Person;
let browser: TestBrowser;
beforeAll(async () => {
  gatehouse = await startServer({ env: { MFA_ISSUER: 'Acme Cloud' } });
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  account = await openAccount(gatehouse);
  ({ owner, browser } = account);
});

describe('a second factor at sign-in', () => {
  it('is asked for after the password, without any cookie of a session, and completes the sign-in [threat 38]', async () => {
    const app = await account.enrol();
    const other = gatehouse.browser();
    const first = await other.post(LOGIN, account.credentials);
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      mfa_required: true,
      session_token: expect.any(String) as string,
      factors: ['totp', 'backup_code'],
      expires_in: 300,
      remember_days: 0,
    });
    expect(first.cookies.map(({ name }) => name)).toEqual(['__Host-gh.pending']);
    expect(first.headers['x-csrf-token']).toBeUndefined();
    const before = (await sessionsOf(gatehouse, owner.userId)).length;
    // It opens nothing: not as a bearer token, not in the place of any cookie.
    const token = String(first.body.session_token);
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { cookie: `__Host-gh.console.at=${token}; __Secure-gh.console.rt=${token}` },
    ]) {
      expect((await gatehouse.browser().get(ME, headers)).status).toBe(401);
      expect((await gatehouse.browser().post('/api/v1/auth/refresh', {}, headers)).status).toBe(401);
    }
    expect((await sessionsOf(gatehouse, owner.userId)).length).toBe(before);

    const second = await other.post(VERIFY, { session_token: token, totp_code: app.code() });
    expect(second.status, second.text).toBe(200);
    expect(second.body).toMatchObject({ user: { id: owner.userId } });
    const { body: me } = await other.get(ME);
    expect(me.session).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: '2' });
    expect(await account.records('second_factor_asked')).toHaveLength(1);
    expect((await account.records('login'))[0]).toMatchObject({ after: { amr: ['pwd', 'otp', 'mfa'] } });
  });

  it('takes the two members of the specification from a program that keeps no cookies, and only from that one', async () => {
    const app = await account.enrol();
    const program = () => gatehouse.browser({ origin: undefined, userAgent: 'curl/8' });
    const { body } = await program().post(LOGIN, account.credentials);
    const answer = { session_token: body.session_token, totp_code: app.code() };
    const thief = gatehouse.browser({ origin: undefined, userAgent: 'another' });
    expect((await thief.post(VERIFY, answer)).body.code).toBe('auth.mfa_session_invalid');
    expect((await gatehouse.browser().post(VERIFY, answer)).body.code).toBe('auth.mfa_session_invalid');
    expect((await program().post(VERIFY, answer)).status).toBe(200);
  });

  it('belongs to the browser and the client that signed in, is good once, and for five minutes', async () => {
    const app = await account.enrol();
    const mine = gatehouse.browser();
    const token = await account.pendingToken(mine);
    const answer = { session_token: token, totp_code: app.code() };
    for (const [jar, body] of [
      [gatehouse.browser(), answer],
      [mine, { ...answer, client: 'portal' }],
      [mine, { ...answer, session_token: `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` }],
    ] as const)
      expect([400, 401], JSON.stringify(body)).toContain((await jar.clone().post(VERIFY, body)).status);
    const fixed = gatehouse.browser();
    await account.pendingToken(fixed);
    expect((await fixed.post(VERIFY, answer)).body.code).toBe('auth.mfa_session_invalid');
    const evil = gatehouse.browser({ origin: 'https://evil.example' });
    for (const [name, value] of mine.cookies) evil.cookies.set(name, value);
    expect((await evil.post(VERIFY, answer)).body.code).toBe('auth.origin_refused');

    const twin = mine.clone();
    expect((await mine.post(VERIFY, answer)).status).toBe(200);
    gatehouse.clock.advance({ seconds: 30 });
    const again = await twin.post(VERIFY, { session_token: token, totp_code: app.code() });
    expect([again.status, again.body.code]).toEqual([401, 'auth.mfa_session_invalid']);

    const late = gatehouse.browser();
    const old = await account.pendingToken(late);
    gatehouse.clock.advance({ minutes: 5, seconds: 1 });
    const over = await late.post(VERIFY, { session_token: old, totp_code: app.code() });
    expect(over.body.code).toBe('auth.mfa_session_invalid');
  });

  it('takes a code one step early or late, each once, and none older than the newest that was taken [threat 39] [threat 40]', async () => {
    const app = await account.enrol();
    const attempt = async (code: string) => {
      const jar = gatehouse.browser();
      return (await jar.post(VERIFY, { session_token: await account.pendingToken(jar), totp_code: code }))
        .status;
    };
    expect(await attempt(app.code(-2))).toBe(401);
    expect(await attempt(app.code(2))).toBe(401);
    expect(await attempt(app.code(-1))).toBe(200);
    expect(await attempt(app.code(-1))).toBe(401);
    expect(await attempt(app.code(1))).toBe(200);
    expect(await attempt(app.code(1))).toBe(401);
    // Not used, but older.
    expect(await attempt(app.code())).toBe(401);
  });

  it('takes one proof, in its form, and nothing else', async () => {
    const app = await account.enrol();
    const jar = gatehouse.browser();
    const session_token = await account.pendingToken(jar);
    for (const proof of [
      {},
      { totp_code: app.code(), backup_code: app.backupCodes[0] },
      { totp_code: '' },
      { totp_code: '12345' },
      { totp_code: '１２３４５６' },
      { totp_code: [app.code()] },
      { backup_code: 'no code' },
      { totp_code: app.code(), userId: owner.userId },
    ]) {
      const answer = await jar.post(VERIFY, { session_token, ...proof });
      expect([answer.status, answer.body.code], JSON.stringify(proof)).toEqual([400, 'request.invalid']);
    }
    expect((await jar.post(VERIFY, { session_token, totp_code: app.code() })).status).toBe(200);
  });

  it('locks for thirty minutes after five wrong ones in whichever sign-ins, and tells the owner [threat 36]', async () => {
    const app = await account.enrol();
    const mine = gatehouse.browser();
    const known = { session_token: await account.pendingToken(mine), totp_code: app.code() };
    expect((await mine.post(VERIFY, known)).status).toBe(200);
    gatehouse.clock.advance({ minutes: 1 });
    await gatehouse.deliverMail();
    const answers: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const jar = gatehouse.browser({ ip: `203.0.113.${attempt}` });
      const session_token = await account.pendingToken(jar);
      answers.push((await jar.post(VERIFY, { session_token, totp_code: '000000' })).status);
    }
    expect(answers).toEqual([401, 401, 401, 401, 423, 423]);
    const stranger = gatehouse.browser();
    const right = { session_token: await account.pendingToken(stranger), totp_code: app.code() };
    const refused = await stranger.post(VERIFY, right);
    expect([refused.status, refused.headers['retry-after']]).toEqual([423, '1800']);
    // A browser in which the owner has proved a second factor before has five of its own.
    const here = { session_token: await account.pendingToken(mine), totp_code: app.code() };
    expect((await mine.post(VERIFY, here)).status).toBe(200);
    expect(await account.mails()).toContain('Wrong codes for your account with Gatehouse');
    expect((await account.records('account_locked'))[0]).toMatchObject({ after: { by: 'second factor' } });
    expect((await account.records('second_factor_failed')).length).toBeGreaterThan(4);

    // A new password by mail lifts no such lock; an administrator does.
    await gatehouse.browser().post('/api/v1/auth/password/forgot', { email: owner.email });
    const mail = (await gatehouse.deliverMail()).findLast(({ to }) => to === owner.email);
    const link = /#token=(\S+)/.exec(mail?.text ?? '')?.[1];
    const set = await gatehouse
      .browser()
      .post('/api/v1/auth/password/reset', { token: link, password: PASSWORD });
    expect(set.status).toBe(204);
    const after = gatehouse.browser();
    gatehouse.clock.advance({ seconds: 60 });
    const still = { session_token: await account.pendingToken(after), totp_code: app.code() };
    expect((await after.post(VERIFY, still)).status).toBe(423);
    const admin = await addOwner(gatehouse, { tenantId: account.tenantId, roles: ['admin'] });
    const adminBrowser = await signedIn(gatehouse, admin);
    const shown = await adminBrowser.get(`/api/v1/users/${owner.userId}`);
    expect(shown.body.locked).toBe(true);
    const unlocked = await adminBrowser.post(`/api/v1/users/${owner.userId}/unlock`);
    expect(unlocked.body).toMatchObject({ locked: false });
    expect((await after.post(VERIFY, { ...still, totp_code: app.code() })).status).toBe(200);
  });

  it('is guessed at five times in all by browsers that have shown the password alone [threat 36]', async () => {
    const jars = [1, 2, 3, 4, 5, 6].map((last) => gatehouse.browser({ ip: `203.0.113.${last}` }));
    for (const jar of jars) await account.signIn(jar);
    await account.enrol();
    const answers: number[] = [];
    for (const jar of jars) {
      const guess = { session_token: await account.pendingToken(jar), totp_code: '000000' };
      answers.push((await jar.post(VERIFY, guess)).status);
    }
    expect(answers).toEqual([401, 401, 401, 401, 423, 423]);
  });

  it('is guessed at twenty times in all by browsers that have proved one, and those of factors before count as strangers [threat 36]', async () => {
    const app = await account.enrol();
    const jars = [1, 2, 3, 4, 5, 6].map((last) => gatehouse.browser({ ip: `203.0.113.${last}` }));
    for (const jar of jars) {
      const right = { session_token: await account.pendingToken(jar), totp_code: app.code() };
      expect((await jar.post(VERIFY, right)).status).toBe(200);
      gatehouse.clock.advance({ seconds: 30 });
    }
    const wrong = async (jar: TestBrowser, times: number) => {
      const guess = { session_token: await account.pendingToken(jar), totp_code: '000000' };
      const answers: number[] = [];
      for (let time = 0; time < times; time += 1) answers.push((await jar.post(VERIFY, guess)).status);
      return answers;
    };
    const [sixth = browser, ...others] = jars.toReversed();
    for (const jar of others.slice(0, 4)) expect(await wrong(jar, 4)).toEqual([401, 401, 401, 401]);
    expect(await wrong(others[4] ?? browser, 4)).toEqual([401, 401, 401, 423]);
    const right = { session_token: await account.pendingToken(sixth), totp_code: app.code() };
    expect((await sixth.post(VERIFY, right)).status).toBe(423);
    gatehouse.clock.advance({ minutes: 31 });
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    expect((await browser.post(STEP_UP, { totp_code: app.code() })).status).toBe(200);
    await addAuthenticator(gatehouse, browser);
    const answers: number[] = [];
    for (const jar of jars) answers.push(...(await wrong(jar, 1)));
    expect(answers).toEqual([401, 401, 401, 401, 423, 423]);
  });

  it('is over when the password is set anew meanwhile, or all sessions are ended', async () => {
    const app = await account.enrol();
    for (const end of [
      async () => {
        const changed = await browser.post('/api/v1/auth/password/change', {
          currentPassword: PASSWORD,
          newPassword: PASSWORD,
        });
        expect(changed.status).toBe(200);
      },
      async () => expect((await browser.post('/api/v1/sessions/end-others')).status).toBe(200),
    ]) {
      const jar = gatehouse.browser();
      const session_token = await account.pendingToken(jar);
      await end();
      const answer = await jar.post(VERIFY, { session_token, totp_code: app.code() });
      expect(answer.body.code).toBe('auth.mfa_session_invalid');
    }
  });
});

describe('backup codes', () => {
  it('stand in for the factor once each, the owner is told, and new ones end those before', async () => {
    const app = await account.enrol();
    expect(app.backupCodes).toHaveLength(10);
    expect(new Set(app.backupCodes).size).toBe(10);
    const use = async (code: string | undefined) => {
      const jar = gatehouse.browser();
      return jar.post(VERIFY, { session_token: await account.pendingToken(jar), backup_code: code });
    };
    const [first = '', second = '', third = ''] = app.backupCodes;
    expect((await use(first)).status).toBe(200);
    expect((await use(first)).status).toBe(401);
    // As people type them.
    expect((await use(second.toLowerCase().replace('-', ''))).status).toBe(200);
    expect(await account.mails()).toContain('A backup code of your account with Gatehouse was used');
    expect((await account.records('backup_code_used'))[0]).toMatchObject({ after: { left: 8 } });
    expect((await browser.get(FACTORS)).body).toMatchObject({ backupCodesLeft: 8 });

    const renewed = await browser.post(`${FACTORS}/backup-codes`);
    expect(renewed.status, renewed.text).toBe(200);
    expect((await use(third)).status).toBe(401);
    expect((await use((renewed.body.backup_codes as string[])[0])).status).toBe(200);
  });

  it('and secrets are kept as nothing that could be used', async () => {
    const app = await account.enrol();
    const rows = await gatehouse.sql<{ text: string }>(
      'select c::text as text from gatehouse.credentials c where user_id = $1',
      [owner.userId],
    );
    expect(rows).toHaveLength(12);
    for (const { text } of rows)
      for (const secret of [app.secret, ...app.backupCodes]) expect(text).not.toContain(secret);
    const seen = JSON.stringify([(await browser.get(FACTORS)).body, await account.records('factor_added')]);
    for (const secret of [app.secret, ...app.backupCodes]) expect(seen).not.toContain(secret);
  });
});

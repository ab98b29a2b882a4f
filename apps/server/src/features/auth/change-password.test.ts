import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOwner,
  canSignIn,
  CHANGE,
  CHANGE_EMAIL,
  FORGOT,
  LOGIN,
  mailedTo,
  recordsOf,
  RESET,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { call, PASSWORD } from '../../../test/standing/people.fixture.ts';
import { sealPassword } from './sealed-credentials.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const ME = '/api/v1/auth/me';
const FRESH = 'Another-One-8';
const change = { currentPassword: PASSWORD, newPassword: FRESH };
const wrong = { currentPassword: 'Wrong-Pass-1', newPassword: FRESH };
const sessionOf = async (browser: Awaited<ReturnType<typeof signedIn>>) =>
  ((await browser.get(ME)).body.session as { id: string } | undefined)?.id;

describe('changing the password', () => {
  it('needs the present one, ends all other sessions, and tells the owner', async () => {
    const { email, userId } = await addOwner(gatehouse);
    const [here, there] = [await signedIn(gatehouse, { email }), await signedIn(gatehouse, { email })];
    const changed = await here.post(CHANGE, change);
    expect([changed.status, changed.body]).toMatchObject([200, { user: { email } }]);
    expect((await here.get(ME)).status).toBe(200);
    expect((await there.get(ME)).body.code).toBe('auth.session_expired');
    expect((await there.post('/api/v1/auth/refresh')).status).toBe(401);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    expect(await canSignIn(gatehouse, email, FRESH)).toBe(true);
    const told = (await mailedTo(gatehouse, email)).at(-1);
    expect(told?.subject).toBe('Your password for Gatehouse was changed');
    expect(told?.text).toContain(`${gatehouse.config.publicUrl}/forgot-password`);
    expect((await recordsOf(gatehouse, 'password_changed', userId))[0]?.after).toMatchObject({ by: 'owner' });
  });

  it('goes on in a session with an id, a CSRF token and refresh tokens of its own: what was seen before is worth nothing [threat 33]', async () => {
    const { email } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    const [before, csrf] = [await sessionOf(browser), browser.csrf];
    const thief = browser.clone();
    expect((await browser.post(CHANGE, change)).status).toBe(200);
    const after = await sessionOf(browser);
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
    expect(browser.csrf).not.toBe(csrf);
    expect((await thief.get(ME)).body.code).toBe('auth.session_expired');
    expect((await thief.post('/api/v1/auth/refresh')).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    const records = await gatehouse.sql<{ before: object; resource_id: string }>(
      `select before, resource_id from gatehouse.audit_records where action = 'session_rotated' and resource_id = $1`,
      [after],
    );
    expect(records).toEqual([{ before: { session: before }, resource_id: after }]);
  });

  it('answers a bearer client with its next access token', async () => {
    const { email, token, tenantId } = await addOwner(gatehouse);
    await gatehouse.sql(
      `insert into gatehouse.clients (tenant_id, id, client_id, name, kind, token_mode, created_at, updated_at)
       values ($1, gen_random_uuid(), 'own-app', 'Own', 'native', 'bearer', now(), now())`,
      [tenantId],
    );
    const login = await gatehouse.browser().post(LOGIN, { email, password: PASSWORD, client: 'own-app' });
    const bearer = String(login.body.access_token);
    const answer = await call(gatehouse, bearer, { method: 'POST', url: CHANGE, body: change });
    expect(answer.body).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
    const me = (of: string) => call(gatehouse, of, { method: 'GET', url: ME });
    expect((await me(String(answer.body.access_token))).status).toBe(200);
    expect((await me(bearer)).body.code).toBe('auth.session_expired');
    expect((await me(token)).body.code).toBe('auth.session_expired');
  });

  it('changes nothing by a wrong password, a weak new one, without a session or without the CSRF token', async () => {
    const { email, userId } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    const refused = async (body: object, headers = {}) =>
      (await browser.post(CHANGE, body, headers)).body.code;
    expect(await refused(wrong)).toBe('password.current_wrong');
    expect(await refused({ ...change, newPassword: 'weak' })).toBe('password.too_weak');
    expect(await refused({ ...change, newPassword: `Aa1${'x'.repeat(70)}` })).toBe('password.too_long');
    expect(await refused({ newPassword: FRESH })).toBe('request.invalid');
    expect(await refused({ ...change, userId })).toBe('request.invalid');
    expect(await refused(change, { 'x-csrf-token': 'x' })).toBe('auth.csrf_refused');
    expect(await refused(change, { origin: 'https://evil.example' })).toBe('auth.origin_refused');
    expect((await gatehouse.browser().post(CHANGE, change)).body.code).toBe('auth.unauthenticated');
    expect((await browser.get(ME)).status).toBe(200);
    expect(await recordsOf(gatehouse, 'password_changed', userId)).toEqual([]);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
  });

  it('names the member that misses the rules', async () => {
    const { email } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    const answer = await browser.post(CHANGE, { ...change, newPassword: 'weak' });
    expect(answer.body.errors).toContainEqual({
      path: 'body/newPassword',
      message: 'must have an upper-case letter',
    });
  });
});

describe('a session that is ended while it changes the password', () => {
  it('stays ended, and the password as it was', async () => {
    const { email } = await addOwner(gatehouse);
    const [thief, owner] = [await signedIn(gatehouse, { email }), await signedIn(gatehouse, { email })];
    const { passwords } = gatehouse.server.deps;
    const hash = passwords.hash;
    passwords.hash = async (password) => {
      expect((await owner.post('/api/v1/sessions/end-others', undefined)).status).toBe(200);
      return hash(password);
    };
    try {
      expect((await thief.post(CHANGE, change)).body.code).toBe('auth.session_expired');
    } finally {
      passwords.hash = hash;
    }
    expect((await thief.get(ME)).status).toBe(401);
    expect((await owner.get(ME)).status).toBe(200);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
  });
});

describe('a password whose row is sealed anew while it is compared', () => {
  it('stays the right one: for signing in, and for changing it', async () => {
    const { email, userId, tenantId } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    const { passwords, sealer } = gatehouse.server.deps;
    const compare = passwords.verify;
    passwords.verify = async (...given) => {
      const right = await compare(...given);
      // As a rotation of the master key does it.
      await gatehouse.sql('update gatehouse.credentials set secret_sealed = $1 where user_id = $2', [
        sealPassword(sealer, { tenantId, userId }, given[1] ?? ''),
        userId,
      ]);
      return right;
    };
    try {
      const done = passwords.done;
      expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
      expect(passwords.done - done).toBe(1);
      expect((await browser.post(CHANGE, change)).status).toBe(200);
    } finally {
      passwords.verify = compare;
    }
  });
});

describe('the password of somebody who is signed in', () => {
  it('can be guessed at five times in all sessions together; then even the right one is refused, and the owner is told', async () => {
    const { email, userId } = await addOwner(gatehouse);
    const browsers = await Promise.all([1, 2, 3].map(() => signedIn(gatehouse, { email })));
    const codes: unknown[] = [];
    for (let guess = 0; guess < 5; guess += 1) {
      const [path, body] =
        guess % 2 === 0
          ? ([CHANGE, wrong] as const)
          : ([CHANGE_EMAIL, { newEmail: 'x@example.com', password: 'Wrong-Pass-1' }] as const);
      codes.push((await browsers[guess % 3]!.post(path, body)).body.code);
    }
    expect(codes).toEqual([
      ...Array.from({ length: 4 }, () => 'password.current_wrong'),
      'auth.account_locked',
    ]);
    for (const browser of browsers) {
      const answer = await browser.post(CHANGE, change);
      expect([answer.status, answer.body.code]).toEqual([423, 'auth.account_locked']);
      expect(Number(answer.headers['retry-after'])).toBe(1800);
      // A wrong guess is no reason to be signed out.
      expect((await browser.get(ME)).status).toBe(200);
    }
    const mails = (await mailedTo(gatehouse, email)).map(({ subject }) => subject);
    expect(mails).toEqual(['Wrong passwords in your account with Gatehouse']);
    expect(await recordsOf(gatehouse, 'password_check_failed', userId)).toHaveLength(8);
    expect((await recordsOf(gatehouse, 'account_locked', userId))[0]?.after).toMatchObject({
      by: 'password check',
    });
    gatehouse.clock.advance({ minutes: 30, seconds: 1 });
    for (const browser of browsers) await browser.post('/api/v1/auth/refresh');
    expect((await browsers[0]!.post(CHANGE, change)).status).toBe(200);
  });

  it('is counted apart from signing in: neither locks the other [threat 53]', async () => {
    const { email } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    for (let attempt = 1; attempt <= 6; attempt += 1)
      await gatehouse.browser().post(LOGIN, { email, password: 'Wrong-Pass-1' });
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    // Strangers keep nobody from changing a password.
    expect((await browser.post(CHANGE, change)).status).toBe(200);

    const other = await addOwner(gatehouse);
    const stolen = await signedIn(gatehouse, other);
    for (let attempt = 1; attempt <= 6; attempt += 1) await stolen.post(CHANGE, wrong);
    expect(await canSignIn(gatehouse, other.email, PASSWORD)).toBe(true);
  });

  it('is guessed at freely again once the owner has set a new one by mail, and an administrator unlocks it', async () => {
    const { email } = await addOwner(gatehouse);
    const browser = await signedIn(gatehouse, { email });
    for (let attempt = 1; attempt <= 5; attempt += 1) await browser.post(CHANGE, wrong);
    await gatehouse.browser().post(FORGOT, { email });
    const token = tokenIn((await mailedTo(gatehouse, email)).at(-1));
    expect((await gatehouse.browser().post(RESET, { token, password: FRESH })).status).toBe(204);
    const again = await signedIn(gatehouse, { email, password: FRESH });
    const answer = await again.post(CHANGE, { currentPassword: FRESH, newPassword: PASSWORD });
    expect(answer.status).toBe(200);
  });
});

describe('a session that began by a password', () => {
  it('does not begin any more once the password was changed, however late the comparison ends', async () => {
    const { email } = await addOwner(gatehouse);
    const owner = await signedIn(gatehouse, { email });
    const { passwords } = gatehouse.server.deps;
    const compare = passwords.verify;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let compared = () => {};
    const isCompared = new Promise<void>((resolve) => (compared = resolve));
    let first = true;
    passwords.verify = async (...given) => {
      const right = await compare(...given);
      if (!first) return right;
      first = false;
      compared();
      await held;
      return right;
    };
    try {
      // Somebody who knows the old password has it compared, and found right, before it is changed.
      const late = gatehouse.browser().post(LOGIN, { email, password: PASSWORD });
      await isCompared;
      expect((await owner.post(CHANGE, change)).status).toBe(200);
      letGo();
      expect((await late).status).toBe(401);
    } finally {
      passwords.verify = compare;
    }
    const [sessions] = await gatehouse.sql<{ n: number }>(
      `select count(*)::int as n from gatehouse.sessions s join gatehouse.users u on u.id = s.user_id where u.email = $1 and s.ended_at is null`,
      [email],
    );
    expect(sessions).toEqual({ n: 1 });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import { addGuest } from '../../../../test/guests.fixture.ts';
import { addOwner, LOGIN, mailedTo, signedIn } from '../../../../test/recovery.fixture.ts';
import {
  type Account,
  addAuthenticator,
  authenticator,
  ENROL,
  FACTORS,
  ME,
  openAccount,
  sessionsOf,
  setPolicy,
  STEP_UP,
  VERIFY,
} from '../../../../test/second-factor.fixture.ts';
import { addTenant } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { addPerson, PASSWORD, type Person } from '../../../../test/standing/people.fixture.ts';
import { resetFactorsByOperator } from './reset-factors.ts';

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

describe('what a tenant demands', () => {
  it('is nothing where it is off: nobody is asked, and nobody adds one', async () => {
    await account.enrol();
    expect((await setPolicy(browser, { policy: 'off' })).status).toBe(200);
    const jar = gatehouse.browser();
    expect((await jar.post(LOGIN, account.credentials)).body).toHaveProperty('user');
    expect((await browser.post(`${FACTORS}/totp`)).body.code).toBe('factors.off');
    expect((await browser.get(FACTORS)).body).toMatchObject({ policy: 'off', mayAdd: false });
  });

  it('is a factor of everybody where it is mandatory: enrolment comes before anything else [threat 34] [threat 38]', async () => {
    const colleague = await addOwner(gatehouse, { tenantId: account.tenantId });
    await account.enrol();
    const theirs = await signedIn(gatehouse, colleague);
    expect((await setPolicy(browser, { policy: 'mandatory' })).status).toBe(200);
    // The session without a factor has ended, and is not renewed; the one with a factor goes on.
    expect((await theirs.get(ME)).status).toBe(401);
    expect((await theirs.post('/api/v1/auth/refresh')).status).toBe(401);
    expect((await browser.get(ME)).status).toBe(200);
    const open = await sessionsOf(gatehouse, colleague.userId);
    expect(open.filter(({ amr }) => !amr.includes('mfa'))).toEqual([]);

    const jar = gatehouse.browser();
    const first = await jar.post(LOGIN, { email: colleague.email, password: PASSWORD });
    expect(first.body).toEqual({
      mfa_enrolment_required: true,
      session_token: expect.any(String) as string,
      expires_in: 900,
    });
    const { session_token } = first.body;
    expect((await jar.get(ME)).status).toBe(401);
    const skipped = await jar.post(VERIFY, { session_token, totp_code: '000000' });
    expect(skipped.body.code).toBe('auth.mfa_session_invalid');
    const begun = await jar.post(ENROL, { session_token });
    expect(begun.body).toMatchObject({
      otpauth_uri: expect.stringContaining('issuer=Acme%20Cloud') as string,
      qr: { size: expect.any(Number) as number, path: expect.stringMatching(/^M\d/) as string },
    });
    const phone = authenticator(gatehouse, String(begun.body.secret));
    const confirm = { session_token, enrolment_token: begun.body.enrolment_token };
    const slip = await jar.post(`${ENROL}/confirm`, { ...confirm, totp_code: phone.code(5) });
    expect(slip.body.code).toBe('factors.code_wrong');
    const done = await jar.post(`${ENROL}/confirm`, { ...confirm, totp_code: phone.code() });
    expect(done.status, done.text).toBe(200);
    expect(done.body.backup_codes).toHaveLength(10);
    expect((await jar.get(ME)).body.session).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: '2' });
    expect(await mailedTo(gatehouse, colleague.email)).toContainEqual(
      expect.objectContaining({ subject: 'The second factors of your account with Gatehouse were changed' }),
    );
    const [id] = (await jar.get(FACTORS)).body.factors as { id: string }[];
    expect((await jar.delete(`${FACTORS}/${id?.id}`)).body.code).toBe('factors.last');
  });

  it('cannot be met twice: a sign-in that waits to enrol adds nothing once the owner has a factor', async () => {
    await account.signIn();
    await setPolicy(browser, { policy: 'mandatory' });
    const jars = [gatehouse.browser(), gatehouse.browser()];
    const begun = await Promise.all(
      jars.map(async (jar) => {
        const { body } = await jar.post(LOGIN, account.credentials);
        const secret = await jar.post(ENROL, { session_token: body.session_token });
        return { session_token: body.session_token, ...secret.body } as Record<string, string>;
      }),
    );
    const answers: [number, unknown][] = [];
    for (const [index, jar] of jars.entries()) {
      const { session_token, enrolment_token, secret } = begun[index] ?? {};
      const totp_code = authenticator(gatehouse, secret ?? '').code();
      const answer = await jar.post(`${ENROL}/confirm`, { session_token, enrolment_token, totp_code });
      answers.push([answer.status, answer.body.code]);
    }
    expect(answers).toEqual([
      [200, undefined],
      [401, 'auth.mfa_session_invalid'],
    ]);
  });

  it('holds for whoever goes to work in a tenant that demands it', async () => {
    const strict = await addTenant(gatehouse, { name: 'Strict' });
    const boss = await addOwner(gatehouse, { tenantId: strict, roles: ['admin'] });
    const theirs = await signedIn(gatehouse, boss);
    await addAuthenticator(gatehouse, theirs);
    await addGuest(gatehouse, strict, owner);
    await account.signIn();
    const goes = () => browser.post('/api/v1/auth/switch-tenant', { tenantId: strict });
    expect((await goes()).status).toBe(200);
    await setPolicy(theirs, { policy: 'mandatory' });
    expect((await browser.get(ME)).status).toBe(401);
    await account.signIn();
    const refused = await goes();
    expect(refused.body.code).toBe('auth.insufficient_user_authentication');
    await addAuthenticator(gatehouse, browser);
    expect((await goes()).status).toBe(200);
    expect((await browser.get(ME)).body.tenant).toMatchObject({ id: strict });
  });

  it('is not met there by a browser that the home remembers', async () => {
    const strict = await addTenant(gatehouse, { name: 'Strict' });
    const boss = await addOwner(gatehouse, { tenantId: strict, roles: ['admin'] });
    const theirs = await signedIn(gatehouse, boss);
    await addAuthenticator(gatehouse, theirs);
    await setPolicy(theirs, { policy: 'mandatory', rememberDays: 30 });
    await addGuest(gatehouse, strict, owner);
    const app = await account.enrol();
    await setPolicy(browser, { rememberDays: 30 });
    const jar = gatehouse.browser();
    const right = {
      session_token: await account.pendingToken(jar),
      totp_code: app.code(),
      remember_device: true,
    };
    expect((await jar.post(VERIFY, right)).status).toBe(200);
    expect((await jar.post(LOGIN, account.credentials)).body).toHaveProperty('user');
    const goes = () => jar.post('/api/v1/auth/switch-tenant', { tenantId: strict });
    expect((await goes()).body.code).toBe('auth.insufficient_user_authentication');
    gatehouse.clock.advance({ seconds: 30 });
    expect((await jar.post(STEP_UP, { totp_code: app.code() })).status).toBe(200);
    expect((await goes()).status).toBe(200);
  });
});

describe('one’s own factors', () => {
  it('are listed, added with a label and removed by a second factor; the owner is told of each [threat 41]', async () => {
    const app = await account.enrol();
    const { body } = await browser.get(FACTORS);
    expect(body).toMatchObject({
      policy: 'optional',
      mayAdd: true,
      factors: [{ kind: 'totp', label: 'Phone', lastUsedAt: null }],
      backupCodesLeft: 10,
    });
    const [factor] = body.factors as { id: string }[];
    gatehouse.clock.advance({ minutes: 11 });
    const refused = await browser.delete(`${FACTORS}/${factor?.id}`);
    expect([refused.status, refused.body.code]).toEqual([401, 'auth.insufficient_user_authentication']);
    expect(refused.headers['www-authenticate']).toContain(
      'error="insufficient_user_authentication", error_description="A more recent or stronger authentication is required", acr_values="2", max_age="600"',
    );
    // The password is no second factor.
    const byPassword = await browser.post(STEP_UP, { password: PASSWORD });
    expect(byPassword.body.code).toBe('auth.insufficient_user_authentication');
    const before = ((await browser.get(ME)).body.session as { id: string }).id;
    const proved = await browser.post(STEP_UP, { totp_code: app.code() });
    expect(proved.status, proved.text).toBe(200);
    const { session } = (await browser.get(ME)).body as { session: { id: string; authTime: string } };
    expect(session.id).not.toBe(before);
    expect(session.authTime).toBe(gatehouse.clock.now().toISOString());
    const stranger = await addOwner(gatehouse, { tenantId: account.tenantId });
    const other = await signedIn(gatehouse, stranger);
    await addAuthenticator(gatehouse, other);
    expect((await other.delete(`${FACTORS}/${factor?.id}`)).status).toBe(404);
    expect((await browser.delete(`${FACTORS}/${factor?.id}`)).status).toBe(204);
    expect((await browser.get(FACTORS)).body).toMatchObject({ factors: [], backupCodesLeft: 0 });
    expect((await gatehouse.browser().post(LOGIN, account.credentials)).body).toHaveProperty('user');
    expect((await account.mails()).filter((subject) => subject.includes('second factors'))).toHaveLength(2);
    expect(await account.records('factor_removed')).toHaveLength(1);
  });

  it('are not added by whoever found a session open', async () => {
    await account.signIn();
    gatehouse.clock.advance({ minutes: 11 });
    const refused = await browser.post(`${FACTORS}/totp`);
    expect(refused.body.code).toBe('auth.insufficient_user_authentication');
    expect(refused.headers['www-authenticate']).toContain('acr_values="1"');
    expect((await browser.post(STEP_UP, { password: 'Wrong-Pass-1' })).body.code).toBe(
      'password.current_wrong',
    );
    expect((await browser.post(STEP_UP, { password: PASSWORD })).status).toBe(200);
    expect((await browser.post(`${FACTORS}/totp`)).status).toBe(200);
  });

  it('are removed by an administrator for whoever has lost them, and not for oneself', async () => {
    await account.enrol();
    const admin = await addOwner(gatehouse, { tenantId: account.tenantId, roles: ['admin'] });
    const viewer = await addPerson(gatehouse, account.tenantId, ['SUPPORT_MANAGER']);
    const path = (id: string) => `/api/v1/users/${id}/reset-factors`;
    const bearer = { authorization: `Bearer ${viewer.token}` };
    const denied = await gatehouse.browser({ origin: undefined }).post(path(owner.userId), {}, bearer);
    expect(denied.status).toBe(403);
    const theirs = await signedIn(gatehouse, admin);
    expect((await browser.post(path(owner.userId))).body.code).toBe('users.self_forbidden');
    const done = await theirs.post(path(owner.userId));
    expect(done.status, done.text).toBe(200);
    expect((await browser.get(ME)).status).toBe(401);
    const jar = gatehouse.browser();
    expect((await jar.post(LOGIN, account.credentials)).body).toHaveProperty('user');
    expect((await account.records('factors_reset', jar))[0]).toMatchObject({ actor: { id: admin.userId } });
    expect(await account.mails()).toContain('The second factors of your account with Gatehouse were changed');
  });
});

describe('what a tenant demands', () => {
  it('is not changed by whoever found a session of an administrator open [threat 41]', async () => {
    await account.signIn();
    await setPolicy(browser, { policy: 'optional' });
    gatehouse.clock.advance({ minutes: 11 });
    const refused = await setPolicy(browser, { policy: 'off' });
    expect(refused.body.code).toBe('auth.insufficient_user_authentication');
    expect((await browser.post(STEP_UP, { password: PASSWORD })).status).toBe(200);
    expect((await setPolicy(browser, { policy: 'off' })).status).toBe(200);
  });
});

describe('the command line', () => {
  it('removes the factors of whoever cannot be helped by anybody else, the last administrator', async () => {
    await account.enrol();
    const { deps } = gatehouse.server;
    expect(await resetFactorsByOperator(deps, 'nobody@example.com')).toBe('unknown');
    expect(await resetFactorsByOperator(deps, owner.email.toUpperCase())).toBe('reset');
    expect(await resetFactorsByOperator(deps, owner.email)).toBe('none');
    expect((await browser.get(ME)).status).toBe(401);
    expect((await gatehouse.browser().post(LOGIN, account.credentials)).body).toHaveProperty('user');
  });
});

describe('remembered browsers', () => {
  it('are asked for no second factor for as long as the tenant says, and count as no proof of one', async () => {
    const app = await account.enrol();
    const jar = gatehouse.browser();
    const unasked = {
      session_token: await account.pendingToken(jar),
      totp_code: app.code(),
      remember_device: true,
    };
    const not = await jar.post(VERIFY, unasked);
    expect(not.cookies.map(({ name }) => name)).not.toContain('__Host-gh.remembered');
    await setPolicy(browser, { rememberDays: 30, policy: 'mandatory' });
    gatehouse.clock.advance({ seconds: 60 });
    const { body } = await jar.post(LOGIN, account.credentials);
    expect(body.remember_days).toBe(30);
    const kept = await jar.post(VERIFY, {
      session_token: body.session_token,
      totp_code: app.code(),
      remember_device: true,
    });
    const cookie = kept.cookies.find(({ name }) => name === '__Host-gh.remembered');
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, path: '/', maxAge: 30 * 86_400 });
    const again = await jar.post(LOGIN, account.credentials);
    expect(again.body, again.text).toHaveProperty('user');
    expect((await jar.get(ME)).body.session).toMatchObject({ amr: ['pwd', 'remembered'], acr: '1' });
    expect((await jar.post(`${FACTORS}/backup-codes`)).body.code).toBe(
      'auth.insufficient_user_authentication',
    );
    // Not with another account, nor with a secret that was made up.
    const forged = gatehouse.browser();
    forged.cookies.set('__Host-gh.remembered', 'A'.repeat(43));
    expect((await forged.post(LOGIN, account.credentials)).body).toHaveProperty('mfa_required');
    const [row] = await gatehouse.sql<{ text: string }>(
      'select d::text as text from gatehouse.remembered_devices d where user_id = $1',
      [owner.userId],
    );
    expect(row?.text).not.toContain(cookie?.value);
    // Shorter days hold for those before as well.
    gatehouse.clock.advance({ days: 2 });
    const late = gatehouse.browser();
    const fresh = await late.post(LOGIN, account.credentials);
    await late.post(VERIFY, { session_token: fresh.body.session_token, totp_code: app.code() });
    await setPolicy(late, { rememberDays: 1 });
    expect((await jar.post(LOGIN, account.credentials)).body).toHaveProperty('mfa_required');
  });

  it.each([
    [
      'a new password',
      async (jar: TestBrowser) => {
        const body = { currentPassword: PASSWORD, newPassword: PASSWORD };
        return (await jar.post('/api/v1/auth/password/change', body)).status;
      },
    ],
    [
      'signing out everywhere',
      async (jar: TestBrowser) => (await jar.post('/api/v1/sessions/end-others')).status,
    ],
    [
      'another factor',
      async (jar: TestBrowser) => {
        await addAuthenticator(gatehouse, jar);
        return 200;
      },
    ],
    [
      'the owner’s wish',
      async (jar: TestBrowser) => (await jar.delete('/api/v1/auth/remembered-devices')).status,
    ],
  ])('are forgotten by %s', async (_what, forget) => {
    const app = await account.enrol();
    await setPolicy(browser, { rememberDays: 30 });
    const jar = gatehouse.browser();
    const session_token = await account.pendingToken(jar);
    await jar.post(VERIFY, { session_token, totp_code: app.code(), remember_device: true });
    expect((await jar.clone().post(LOGIN, account.credentials)).body).toHaveProperty('user');
    expect([200, 204]).toContain(await forget(jar));
    expect((await jar.clone().post(LOGIN, account.credentials)).body).toHaveProperty('mfa_required');
  });
});

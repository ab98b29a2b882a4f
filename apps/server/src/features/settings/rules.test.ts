import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Caller;
beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
});
// Access tokens do not outlive the tests that move the clock.
beforeEach(async () => {
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
afterAll(() => gatehouse.close());

let made = 0;
async function tenantWithOwner() {
  made += 1;
  const email = `owner@rules-${made}.example`;
  const { tenantId } = await registerTenant(gatehouse, `Rules ${made}`, email);
  const admin = await addCaller(gatehouse, tenantId, 'admin');
  return { tenantId, email, admin };
}
async function set(tenantId: string, settings: object, who = platform) {
  const url = `/tenants/${tenantId}/settings`;
  const { version } = (await who.get(url)).body;
  return who.patch(url, { version, settings });
}
const signIn = (email: string, ip?: string, password = PASSWORD) => {
  const browser = gatehouse.browser(ip === undefined ? {} : { ip });
  return browser.post('/api/v1/auth/login', { email, password }).then((answer) => ({ answer, browser }));
};
const newestMail = async (to: string) => (await gatehouse.deliverMail()).findLast((mail) => mail.to === to);

describe('the password rules of a tenant', () => {
  it('hold wherever one of its people sets a password [threat 42]', async () => {
    const { tenantId, email, admin } = await tenantWithOwner();
    expect((await set(tenantId, { password: { minLength: 14, symbol: true } }, admin)).status).toBe(200);
    const weak = ['Correct-Horse', 'CorrectHorse77Battery'];
    const good = 'Correct-Horse-77';
    const { browser } = await signIn(email);
    const change = (newPassword: string) =>
      browser.post('/api/v1/auth/password/change', { currentPassword: PASSWORD, newPassword });
    for (const password of weak)
      expect((await change(password)).body.code, password).toBe('password.too_weak');
    expect((await change('Correct-Horse')).body).toMatchObject({
      errors: [{ message: 'must have at least 14 characters' }, { message: 'must have a digit' }],
    });
    expect((await change(good)).status).toBe(200);

    await gatehouse.browser().post('/api/v1/auth/password/forgot', { email });
    const reset = tokenIn(await newestMail(email));
    const byReset = (password: string) =>
      gatehouse.browser().post('/api/v1/auth/password/reset', { token: reset, password });
    for (const password of weak) expect((await byReset(password)).body.code).toBe('password.too_weak');
    expect((await byReset(`${good}-again`)).status).toBe(204);

    const invited = `invited@rules-${made}.example`;
    await admin.post('/users', { email: invited, name: 'Invited' });
    const link = tokenIn(await newestMail(invited));
    const byLink = (password: string) =>
      gatehouse.browser().post('/api/v1/auth/password/set', { token: link, password });
    for (const password of weak) expect((await byLink(password)).body.code).toBe('password.too_weak');
    expect((await byLink(good)).status).toBe(204);
  });

  it('are one tenant’s own, and whoever has a password already signs in with it', async () => {
    const strict = await tenantWithOwner();
    const other = await tenantWithOwner();
    await set(strict.tenantId, { password: { minLength: 30 } });
    expect((await signIn(strict.email)).answer.status).toBe(200);
    const { browser } = await signIn(other.email);
    const changed = await browser.post('/api/v1/auth/password/change', {
      currentPassword: PASSWORD,
      newPassword: 'Correct-Horse-7',
    });
    expect(changed.status).toBe(200);
  });
});

describe('the session lengths of a tenant', () => {
  it('end a session that lies idle, and let one that is used go on until its end', async () => {
    const { tenantId, email } = await tenantWithOwner();
    await set(tenantId, { session: { idleMinutes: 30, maxMinutes: 75 } });
    const { browser } = await signIn(email);
    const lazy = browser.clone();
    gatehouse.clock.advance({ minutes: 25 });
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 25 });
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    const me = (await browser.get('/api/v1/auth/me')).body.session as {
      createdAt: string;
      expiresAt: string;
    };
    expect(Date.parse(me.expiresAt) - Date.parse(me.createdAt)).toBe(75 * 60_000);
    gatehouse.clock.advance({ minutes: 26 });
    expect((await browser.post('/api/v1/auth/refresh')).body.code).toBe('auth.session_expired');
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await lazy.post('/api/v1/auth/refresh')).status).toBe(401);

    const idle = (await signIn(email)).browser;
    gatehouse.clock.advance({ minutes: 5 });
    expect((await idle.post('/api/v1/auth/refresh')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 31 });
    expect((await idle.post('/api/v1/auth/refresh')).body.code).toBe('auth.session_expired');
  });

  it('let somebody at work go on, however short they are: the access token ends in time to renew', async () => {
    const { tenantId, email } = await tenantWithOwner();
    await set(tenantId, { session: { idleMinutes: 5 } });
    const { answer, browser } = await signIn(email);
    const access = answer.cookies.find(({ name }) => name.endsWith('.at'));
    expect(access?.maxAge).toBe(150);
    for (let minute = 1; minute <= 20; minute += 1) {
      gatehouse.clock.advance({ minutes: 1 });
      const me = await browser.get('/api/v1/auth/me');
      if (me.status === 200) continue;
      // As the browser SDK does.
      expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    }
    gatehouse.clock.advance({ minutes: 5 });
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
  });

  it('sign nobody out who is at work when they are made shorter', async () => {
    const { tenantId, email } = await tenantWithOwner();
    const { browser } = await signIn(email);
    gatehouse.clock.advance({ minutes: 14 });
    await platform.signInAgain();
    await set(tenantId, { session: { idleMinutes: 5 } });
    expect((await browser.get('/api/v1/auth/me')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 2 });
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 6 });
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
  });

  it('shorten sessions that are open, and never lengthen one', async () => {
    const { tenantId, email } = await tenantWithOwner();
    const early = (await signIn(email)).browser;
    const expiry = async () =>
      Date.parse(((await early.get('/api/v1/auth/me')).body.session as { expiresAt: string }).expiresAt);
    const before = await expiry();
    await set(tenantId, { session: { idleMinutes: 10, maxMinutes: 60 } });
    expect(before - (await expiry())).toBeGreaterThan(24 * 3_600_000);
    await set(tenantId, { session: { idleMinutes: null, maxMinutes: null } });
    gatehouse.clock.advance({ minutes: 9 });
    expect((await early.post('/api/v1/auth/refresh')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 50 });
    expect((await early.post('/api/v1/auth/refresh')).status).toBe(200);
    gatehouse.clock.advance({ minutes: 2 });
    expect((await early.post('/api/v1/auth/refresh')).status).toBe(401);
  });

  it('say less than the deployment at most: longer ones change nothing', async () => {
    const { tenantId, email } = await tenantWithOwner();
    await set(tenantId, { session: { idleMinutes: 525_600, maxMinutes: 525_600 } });
    const [row] = await gatehouse.sql<{ idle: boolean; whole: boolean }>(
      `select idle_expires_at <= created_at + interval '7 days' as idle, expires_at <= created_at + interval '30 days' as whole
       from gatehouse.sessions where id = $1`,
      [((await (await signIn(email)).browser.get('/api/v1/auth/me')).body.session as { id: string }).id],
    );
    expect(row).toEqual({ idle: true, whole: true });
  });
});

describe('the sign-in rules of a tenant', () => {
  it('let people in from its networks only, put a refusal on record, and stop renewals elsewhere', async () => {
    const { tenantId, email } = await tenantWithOwner();
    expect((await set(tenantId, { signIn: { networks: ['203.0.113.0/24', '2001:db8::/32'] } })).status).toBe(
      200,
    );
    const inside = await signIn(email, '203.0.113.9');
    expect(inside.answer.status).toBe(200);
    expect((await signIn(email, '2001:db8::7')).answer.status).toBe(200);
    const outside = await signIn(email, '198.51.100.7');
    expect([outside.answer.status, outside.answer.body.code]).toEqual([403, 'auth.sign_in_refused']);
    // Only who knows the password is told of the rule.
    const guess = await signIn(email, '198.51.100.7', 'Wrong-Guess-1');
    expect(guess.answer.body.code).toBe('auth.invalid_credentials');
    const [refusal] = await gatehouse.sql<{ after: { verdict: string } }>(
      `select after from gatehouse.audit_records where tenant_id = $1 and action = 'failed_login' order by id limit 1`,
      [tenantId],
    );
    expect(refusal?.after.verdict).toBe('rules');

    const thief = gatehouse.browser({ ip: '198.51.100.7' });
    for (const [name, value] of inside.browser.cookies) thief.cookies.set(name, value);
    expect((await thief.post('/api/v1/auth/refresh')).body.code).toBe('auth.sign_in_refused');
    expect((await inside.browser.post('/api/v1/auth/refresh')).status).toBe(200);
  });

  it('let in and take in addresses of its domains only', async () => {
    const { tenantId, email, admin } = await tenantWithOwner();
    const domain = email.split('@')[1];
    expect((await set(tenantId, { signIn: { emailDomains: [domain] } })).status).toBe(200);
    expect((await signIn(email)).answer.status).toBe(200);
    const added = await admin.post('/users', { email: 'x@elsewhere.example', name: 'X' });
    expect([added.status, added.body.code]).toEqual([400, 'users.email_domain_refused']);
    expect((await admin.post('/users', { email: `x@${domain?.toUpperCase()}`, name: 'X' })).status).toBe(201);
    const { browser } = await signIn(email);
    const moved = await browser.post('/api/v1/auth/email/change', {
      newEmail: 'x@elsewhere.example',
      password: PASSWORD,
    });
    expect(moved.body.code).toBe('users.email_domain_refused');
    await set(tenantId, { signIn: { emailDomains: ['elsewhere.example'] } });
    expect((await signIn(email)).answer.body.code).toBe('auth.sign_in_refused');
  });

  it('shut nobody out who sets them', async () => {
    const { tenantId, admin } = await tenantWithOwner();
    for (const rules of [{ networks: ['203.0.113.0/24'] }, { emailDomains: ['elsewhere.example'] }])
      expect((await set(tenantId, { signIn: rules }, admin)).body.code).toBe('settings.locks_you_out');
    expect((await set(tenantId, { signIn: { networks: ['127.0.0.0/8'] } }, admin)).status).toBe(200);
  });

  it('leave other tenants alone', async () => {
    const strict = await tenantWithOwner();
    const other = await tenantWithOwner();
    await set(strict.tenantId, { signIn: { networks: ['203.0.113.0/24'] } });
    expect((await signIn(other.email, '198.51.100.7')).answer.status).toBe(200);
    const ungoverned = await addTenant(gatehouse);
    expect((await addCaller(gatehouse, ungoverned, 'admin')).token).toBeDefined();
  });
});

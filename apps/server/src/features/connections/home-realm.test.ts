import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import {
  addOrganisation,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { addAuthenticator } from '../../../test/second-factor.fixture.ts';
import { stepUpBy } from '../../../test/step-up.fixture.ts';
import { itemsOf } from '../../../test/people.fixture.ts';
import { PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
let domainId: string;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme');
  domainId = String(itemsOf(await acme.admin.get('/domains'))[0]?.id);
});
afterAll(() => world.close());

const checked = async (email: string) => {
  // What is known of a domain is remembered for a second of real time.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const answer = await gatehouse.browser().post('/api/v1/auth/check-method', { email });
  return answer.body.code ?? answer.body;
};
const NO_PROVIDER = { methods: ['passkey', 'password'], connection: null };

describe('the way in of an address', () => {
  it('is told from a domain that somebody proved, in every spelling, and not from whether there is an account', async () => {
    expect(await checked('anybody@acme.example')).toEqual(NO_PROVIDER);
    await acme.admin.patch(`/domains/${domainId}`, { connectionId: acme.connectionId });
    const sso = {
      methods: ['sso', 'passkey', 'password'],
      connection: { id: acme.connectionId, name: 'acme' },
    };
    expect(await checked('nobody@acme.example')).toEqual(sso);
    expect(await checked(acme.admin.email.replace(/@.*/, '@ACME.example'))).toEqual(sso);
    for (const email of ['a@sub.acme.example', 'a@xacme.example', 'a@acme.example.evil.example'])
      expect(await checked(email)).toEqual(NO_PROVIDER);
    await acme.admin.post('/domains', { domain: 'pending.example', connectionId: acme.connectionId });
    expect(await checked('a@pending.example')).toEqual(NO_PROVIDER);
    await acme.admin.post(`/connections/${acme.connectionId}/disable`);
    expect(await checked('a@acme.example')).toEqual(NO_PROVIDER);
    await acme.admin.post(`/connections/${acme.connectionId}/enable`);
  });
});

/** An administrator who came by the provider, and has no password. */
async function administrator(name: string) {
  acme.provider.claims = verified(name, `${name}@acme.example`);
  const browser = gatehouse.browser();
  await world.providers.signIn(browser, acme.login);
  const me = (await browser.get('/api/v1/auth/me')).body.user as { id: string };
  const [member] = await gatehouse.sql<{ id: string }>(
    'select id from gatehouse.memberships where user_id = $1',
    [me.id],
  );
  await acme.admin.post('/role-assignments', { principalId: member?.id, role: 'admin' });
  gatehouse.clock.advance({ seconds: 1 });
  return { browser, userId: me.id };
}

describe('a tenant of single sign-on', () => {
  it('takes no password on any way in [threat 52]', async () => {
    // Somebody of it with a password, at an address of a domain that nobody proved.
    const owner = await registerTenant(gatehouse, 'Globex', 'owner@globex.example');
    const globex = await addOrganisation(world, 'globex2');
    await gatehouse.sql(
      `update gatehouse.tenant_domains set tenant_id = $1, connection_id = null where tenant_id = $2`,
      [owner.tenantId, globex.tenantId],
    );
    const browser = gatehouse.browser();
    await browser.post('/api/v1/auth/login', { email: 'owner@globex.example', password: PASSWORD });
    const url = `/api/v1/tenants/${owner.tenantId}/settings`;
    const version = (await browser.get(url)).body.version;
    const shut = await browser.patch(url, { version, settings: { signIn: { policy: 'restricted' } } });
    expect(shut.body.code).toBe('settings.locks_you_out');
    const app = await addAuthenticator(gatehouse, browser);
    const late = gatehouse.browser();
    const waits = await late.post('/api/v1/auth/login', {
      email: 'owner@globex.example',
      password: PASSWORD,
    });
    expect(waits.body).toHaveProperty('mfa_required');
    const platform = await gatehouse.admin();
    expect(
      (await platform.patch(url, { version, settings: { signIn: { policy: 'restricted' } } })).status,
    ).toBe(200);
    // Who was in by the password is out, also with services that follow the log, and who was about to come in stays out.
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
    const told = await gatehouse.sql(
      `select r.seq from gatehouse.revocations r join gatehouse.sessions s on s.id = r.subject_id
       where r.kind = 'session' and s.user_id = $1 and s.end_reason = 'single sign-on demanded'`,
      [owner.userId],
    );
    expect(told).toHaveLength(2);
    const half = { session_token: waits.body.session_token, totp_code: app.code() };
    expect((await late.post('/api/v1/auth/mfa/verify', half)).body.code).toBe('auth.sso_required');
    expect(await checked('x@globex2.example')).toEqual({ methods: [], connection: null });
    const login = (email: string, password = PASSWORD) =>
      gatehouse.browser().post('/api/v1/auth/login', { email, password });
    // By its domain before anybody is looked for; elsewhere only to whoever knows the password.
    expect((await login('nobody@globex2.example')).body.code).toBe('auth.sso_required');
    expect((await login('owner@globex.example')).body.code).toBe('auth.sso_required');
    expect((await login('owner@globex.example', 'Wrong-Pass-1')).body.code).toBe('auth.invalid_credentials');
    const register = await gatehouse.browser().post('/api/v1/auth/register', {
      email: 'new@globex2.example',
      password: PASSWORD,
      name: 'New',
      tenantName: 'New',
    });
    expect(register.body.code).toBe('auth.sso_required');
    // Undone, it is so from the next sign-in on.
    const { version: shutVersion } = (await platform.get(url)).body;
    const settings = { signIn: { policy: 'standard' } };
    expect((await platform.patch(url, { version: shutVersion, settings })).status).toBe(200);
    expect((await login('nobody@globex2.example')).body.code).toBe('auth.invalid_credentials');
    expect((await login('owner@globex.example')).body).toHaveProperty('mfa_required');
  });

  it('asks an administrator who has no password and no factor to come by the provider anew, before others may come in [threat 41]', async () => {
    const { browser } = await administrator('again');
    gatehouse.clock.advance({ minutes: 11 });
    const url = `/api/v1/tenants/${acme.tenantId}/settings`;
    const { version } = (await browser.get(url)).body;
    for (const ask of [
      (by: TestBrowser) => by.patch(url, { version, settings: { signIn: { networks: [] } } }),
      (by: TestBrowser) => by.post(`/api/v1/connections/${acme.connectionId}/disable`),
      (by: TestBrowser) => by.post(`/api/v1/connections/${acme.connectionId}/try`),
      (by: TestBrowser) => by.post('/api/v1/domains', { domain: 'stolen.example' }),
    ]) {
      const refused = await ask(browser);
      expect([refused.status, refused.body.code]).toEqual([401, 'auth.insufficient_user_authentication']);
      expect(refused.body.detail).toContain('/step-up/connection');
      expect(refused.headers['www-authenticate']).toContain('max_age="600"');
      expect(refused.headers['www-authenticate']).not.toContain('acr_values');
    }
    expect(await stepUpBy(world, browser)).toContain('#proved=');
    expect((await browser.patch(url, { version, settings: { signIn: { networks: [] } } })).status).toBe(200);
    await acme.admin.signInAgain();
  });

  it('lets in by its provider, and whoever came so may shut the other doors', async () => {
    const { browser } = await administrator('boss');
    const url = `/api/v1/tenants/${acme.tenantId}/settings`;
    const { version } = (await browser.get(url)).body;
    const body = { version, settings: { signIn: { policy: 'restricted' } } };
    const byPassword = await acme.admin.patch(`/tenants/${acme.tenantId}/settings`, body);
    expect(byPassword.body.code).toBe('settings.locks_you_out');
    const shut = await browser.patch(url, body);
    expect([shut.status, (shut.body.settings as { signIn: object }).signIn]).toMatchObject([
      200,
      { policy: 'restricted' },
    ]);
    expect(await checked('boss@acme.example')).toMatchObject({ methods: ['sso'] });
    expect((await world.providers.signIn(gatehouse.browser(), acme.login)).status).toBe(303);
  });
});

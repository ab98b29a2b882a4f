import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import {
  addGoogle,
  addOrganisation,
  type Door,
  GOOGLE,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../../test/connections.fixture.ts';
import { ACCEPT, invited as invite, OPEN, REGISTER } from '../../../../test/invitations.fixture.ts';
import { setRules } from '../../../../test/mail-sign-in.fixture.ts';
import { addCaller, itemsOf } from '../../../../test/people.fixture.ts';
import { freshAddress } from '../../../../test/recovery.fixture.ts';
import { registerTenant } from '../../../../test/standing/people.fixture.ts';
import { PLATFORM_CONNECTIONS } from '../platform-connections.ts';

const PROVIDER = '/api/v1/auth/invitation/provider';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
let other: Organisation;
let google: Door & { connectionId: string };
beforeAll(async () => {
  world = await startWorld(GOOGLE);
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme', { createUsers: false });
  other = await addOrganisation(world, 'other');
  google = { ...(await addGoogle(world)), connectionId: PLATFORM_CONNECTIONS.google };
});
afterAll(() => world.close());

const invited = (email: string, roles?: string[]) => invite(gatehouse, acme.admin, email, roles);

/** Goes to the provider, and is about to come back from there. */
async function go(token: string, at: Door & { connectionId: string }, browser = gatehouse.browser()) {
  const begun = await browser.post(PROVIDER, { token, connectionId: at.connectionId });
  expect(begun.status, begun.text).toBe(200);
  const there = String(begun.body.authorizationUrl);
  expect(there).not.toContain(token);
  const back = await world.providers.authorize(there);
  const path = `${back.pathname}${back.search}`;
  return {
    browser,
    /** As a program; `page` as a person. */
    answer: () => browser.get(path),
    page: async () => new URL(String((await browser.get(path, { accept: 'text/html' })).headers.location)),
  };
}
async function accept(token: string, at: Door & { connectionId: string }, claims: Record<string, unknown>) {
  at.provider.claims = claims;
  const { answer, browser } = await go(token, at);
  return { answer: await answer(), browser };
}
const isOpen = async (token: string, browser: TestBrowser = gatehouse.browser()) =>
  (await browser.post(OPEN, { token })).status === 200;

describe('a newcomer who takes an invitation to a provider', () => {
  it('becomes the invited person, with the roles, and comes back that way, whoever wrote the connection', async () => {
    const email = freshAddress();
    const { id, token } = await invited(email, ['admin']);
    const { answer, browser } = await accept(token, acme, verified('n1', email.toUpperCase()));
    expect([answer.status, answer.headers.location]).toEqual([303, `${gatehouse.config.publicUrl}/`]);
    expect(await world.me(browser)).toMatchObject({
      user: { email, name: 'Ada Lovelace', tenantId: acme.tenantId, emailVerified: true },
      roles: ['admin'],
    });
    expect((await acme.admin.get(`/memberships/${id}`)).body).toMatchObject({ home: true, status: 'active' });
    expect((await acme.admin.get(`/invitations/${id}`)).body.status).toBe('accepted');
    const records = itemsOf(await acme.admin.get('/audit?action=invitation_accepted'));
    expect(records).toMatchObject([{ resource: { id }, after: { connection: acme.connectionId } }]);
    // They entered the provider's account themselves: an author who is nobody any more does not keep them out.
    await gatehouse.sql('update gatehouse.connections set author_principal_id = null where id = $1', [
      acme.connectionId,
    ]);
    const again = await world.enter(acme, verified('n1', 'renamed@else.example'));
    expect((await world.me(again.browser)).user).toMatchObject({ email });
    expect(
      (await gatehouse.browser().post(PROVIDER, { token, connectionId: acme.connectionId })).body.code,
    ).toBe('auth.link_invalid');
  });

  it('does so by a provider of the platform as well, in the tenant that invited and in no other', async () => {
    const { token } = await invited('newcomer@gmail.com', ['SUPPORT_AGENT']);
    const { browser } = await accept(token, google, verified('g1', 'newcomer@gmail.com'));
    expect(await world.me(browser)).toMatchObject({
      tenant: { id: acme.tenantId },
      roles: ['SUPPORT_AGENT'],
    });
    expect(await world.usersOf('newcomer@gmail.com')).toMatchObject([{ tenant_id: acme.tenantId }]);
  });

  it.each<[string, (email: string) => Record<string, unknown>, string]>([
    ['another address', () => verified('x1', 'eve@acme.example'), 'invitations.other_address'],
    ['a look-alike', (email) => verified('x2', email.replace('p', 'р')), 'invitations.other_address'],
    ['an address below', (email) => verified('x3', `x.${email}`), 'invitations.other_address'],
    [
      'the address, unverified',
      (email) => ({ sub: 'x4', email, email_verified: false }),
      'auth.email_unproved',
    ],
    [
      'the address, verified in words',
      (email) => ({ sub: 'x5', email, email_verified: 'true' }),
      'auth.email_unproved',
    ],
    ['no address', () => ({ sub: 'x6', email_verified: true }), 'auth.email_unproved'],
  ])(
    'is refused where the provider says %s, and the link stays good [threat 24]',
    async (_what, claims, code) => {
      const email = freshAddress();
      const { token } = await invited(email);
      for (const at of [acme, google]) {
        const { answer, browser } = await accept(token, at, claims(email));
        expect([answer.status, answer.body.code]).toEqual([403, code]);
        expect(answer.text).not.toContain(email);
        expect(browser.cookies.has('__Host-gh.console.at')).toBe(false);
      }
      expect(await world.usersOf(email)).toEqual([]);
      const person = await go(token, acme);
      const page = await person.page();
      expect([page.pathname, page.search, page.hash]).toEqual(['/invitation', `?problem=${code}`, '']);
      expect(await isOpen(token)).toBe(true);
    },
  );

  it('finds no provider of another tenant, and none that is out of service [threat 4]', async () => {
    const { token } = await invited(freshAddress());
    const ask = async (body: Record<string, unknown>) =>
      (await gatehouse.browser().post(PROVIDER, body)).body.code;
    expect(await ask({ token, connectionId: other.connectionId })).toBe('resource.not_found');
    await other.admin.post(`/connections/${other.connectionId}/disable`);
    expect(await ask({ token, connectionId: other.connectionId })).toBe('auth.connection_disabled');
    await other.admin.post(`/connections/${other.connectionId}/enable`);
    const made = `${token.slice(0, 23)}${'A'.repeat(43)}`;
    expect(await ask({ token: made, connectionId: acme.connectionId })).toBe('auth.link_invalid');
    expect(await ask({ token, connectionId: acme.connectionId, email: 'x@acme.example' })).toBe(
      'request.invalid',
    );
    const foreign = await gatehouse
      .browser()
      .post(PROVIDER, { token, connectionId: acme.connectionId }, { origin: 'https://evil.example' });
    expect(foreign.body.code).toBe('auth.origin_refused');
  });

  it.each(['taken back', 'expired', 'sent again', 'accepted'])(
    'is refused where the invitation was %s while they were there [threat 57]',
    async (what) => {
      const email = freshAddress();
      const { id, token } = await invited(email);
      acme.provider.claims = verified(`late-${what}`, email);
      const { answer } = await go(token, acme);
      if (what === 'taken back') await acme.admin.delete(`/invitations/${id}`);
      if (what === 'sent again') await acme.admin.post(`/invitations/${id}/resend`);
      if (what === 'expired')
        await gatehouse.sql(
          'update gatehouse.one_time_tokens set expires_at = created_at where subject_id = $1',
          [id],
        );
      const newcomer = { token, name: 'Nia New', password: 'Good-Pass-1' };
      if (what === 'accepted') await gatehouse.browser().post(REGISTER, newcomer);
      expect((await answer()).body.code).toBe('auth.link_invalid');
      expect(await world.usersOf(email)).toHaveLength(what === 'accepted' ? 1 : 0);
    },
  );

  it('comes by a proof of now where the tenant demands a factor, and the invitation stands until then [threat 35]', async () => {
    const email = freshAddress();
    const { token } = await invited(email);
    await setRules(gatehouse, acme.tenantId, { mfa: { policy: 'mandatory', rememberDays: 0 } });
    acme.provider.claims = verified('anew', email);
    acme.provider.provedAt = new Date(gatehouse.clock.now().getTime() - 3_600_000);
    const { browser, page } = await go(token, acme);
    const there = await page();
    expect([there.host, there.searchParams.get('max_age')]).toEqual(['id.acme.example', '0']);
    expect([await isOpen(token), await world.usersOf(email)]).toEqual([true, []]);
    acme.provider.provedAt = 'now';
    const back = await world.providers.authorize(there.href);
    const answer = await browser.get(`${back.pathname}${back.search}`);
    expect(String(answer.headers.location)).toContain('/signin/enrol?');
    expect([await isOpen(token), await world.usersOf(email)]).toMatchObject([false, [{ proved: true }]]);
    await setRules(gatehouse, acme.tenantId, { mfa: { policy: 'optional', rememberDays: 0 } });
  });

  it('is let in by the browser that went, and no other [threat 20]', async () => {
    const email = freshAddress();
    const { token } = await invited(email);
    acme.provider.claims = verified('b1', email);
    const begun = await gatehouse.browser().post(PROVIDER, { token, connectionId: acme.connectionId });
    const back = await world.providers.authorize(String(begun.body.authorizationUrl));
    const answer = await gatehouse.browser().get(`${back.pathname}${back.search}`);
    expect(answer.body.code).toBe('auth.sign_in_expired');
    expect(await isOpen(token)).toBe(true);
  });

  it('has no place where the tenant is full by then, and the link stays good', async () => {
    const email = freshAddress();
    const { token } = await invited(email);
    acme.provider.claims = verified('full', email);
    const { answer } = await go(token, acme);
    const limit = (users: string) =>
      gatehouse.sql(
        `update gatehouse.tenants set settings = jsonb_set(settings, '{limits}', '{"users":${users}}') where id = $1`,
        [acme.tenantId],
      );
    await limit('1');
    expect((await answer()).body.code).toBe('tenants.user_limit_reached');
    expect(await world.usersOf(email)).toEqual([]);
    await limit('null');
    expect((await (await go(token, acme)).answer()).status).toBe(303);
  });
});

describe('somebody with an account who takes an invitation to a provider', () => {
  it('is signed in, comes back to the invitation, and accepts it as who they are', async () => {
    const { tenantId } = await registerTenant(gatehouse, 'Elsewhere', 'guest@gmail.com');
    const { id, token } = await invited('guest@gmail.com', ['SUPPORT_AGENT']);
    const { answer, browser } = await accept(token, google, verified('g2', 'guest@gmail.com'));
    expect(new URL(String(answer.headers.location)).pathname).toBe('/invitation');
    expect(await world.me(browser)).toMatchObject({ tenant: { id: tenantId } });
    expect(await isOpen(token)).toBe(true);
    expect((await browser.post(ACCEPT, { token })).body).toMatchObject({ membershipId: id });
    // By the identity, whose account has another address than the invited: the account decides, and the invitation is not for it.
    const next = await invited('second@gmail.com');
    const known = await accept(next.token, google, verified('g2', 'second@gmail.com'));
    expect((await known.browser.post(ACCEPT, { token: next.token })).body.code).toBe(
      'invitations.other_address',
    );
    expect(await world.usersOf('second@gmail.com')).toEqual([]);
  });

  it('links an account that the provider does not hand the address of to nobody, and signs in as before [threat 17]', async () => {
    await registerTenant(gatehouse, 'Corp', 'corp@corp.example');
    const { token } = await invited('corp@corp.example');
    google.provider.claims = verified('g3', 'corp@corp.example');
    const page = await (await go(token, google)).page();
    expect([page.pathname, page.searchParams.get('problem')]).toEqual(['/signin', 'auth.link_required']);
    expect(page.searchParams.get('returnTo')).toBe('/invitation');
    expect(page.hash).toMatch(/^#link=/);
    expect(page.href).not.toContain(token);
  });
});

describe('a tenant that takes its own providers only', () => {
  it('offers those to whom it invites, and neither a password nor the platform’s [threat 52]', async () => {
    const strict = await addOrganisation(world, 'strict');
    const email = freshAddress();
    const { token } = await invite(gatehouse, strict.admin, email);
    const before = (await gatehouse.browser().post(OPEN, { token })).body;
    expect(before).toMatchObject({
      passwords: true,
      connections: [{ id: google.connectionId }, { id: strict.connectionId, name: 'strict' }],
    });
    google.provider.claims = verified('g4', email);
    const { answer } = await go(token, google);
    const platform = await gatehouse.admin();
    const url = `/api/v1/tenants/${strict.tenantId}/settings`;
    const { version } = (await platform.get(url)).body;
    const closed = await platform.patch(url, { version, settings: { signIn: { policy: 'restricted' } } });
    expect(closed.status, closed.text).toBe(200);
    expect((await gatehouse.browser().post(OPEN, { token })).body).toMatchObject({
      passwords: false,
      connections: [{ id: strict.connectionId }],
    });
    expect((await answer()).body.code).toBe('auth.sso_required');
    const newcomer = { token, name: 'Nia New', password: 'Good-Pass-1' };
    expect((await gatehouse.browser().post(REGISTER, newcomer)).body.code).toBe('auth.sso_required');
    const byGoogle = { token, connectionId: google.connectionId };
    expect((await gatehouse.browser().post(PROVIDER, byGoogle)).body.code).toBe('auth.sso_required');
    expect(await world.usersOf(email)).toEqual([]);
    const { browser } = await accept(token, strict, verified('s1', email));
    expect((await world.me(browser)).user).toMatchObject({ email, tenantId: strict.tenantId });
  });

  it('gives at the provider, too, only what whoever invited could still give [threat 72]', async () => {
    const inviter = await addCaller(gatehouse, acme.tenantId, 'admin');
    const email = freshAddress();
    const { token } = await invite(gatehouse, inviter, email, ['admin']);
    await acme.admin.post(`/users/${inviter.userId}/suspend`);
    const { browser } = await accept(token, acme, verified('dropped', email));
    expect(await world.me(browser)).toMatchObject({ user: { email }, roles: [] });
  });
});

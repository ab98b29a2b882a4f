import type { ConnectionTrial } from '@gatehouse/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOrganisation,
  connect,
  GOOGLE,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../../test/connections.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../../test/people.fixture.ts';
import { makeKey, readRequest, respond } from '../../../../test/saml-provider.fixture.ts';
import { addSamlOrganisation, comeBack, postResponse } from '../../../../test/saml.fixture.ts';
import { ROOT_TENANT } from '../../../platform/ids.ts';
import { setRules } from '../../../../test/mail-sign-in.fixture.ts';
import { addPerson } from '../../../../test/standing/people.fixture.ts';
import { PLATFORM_CONNECTIONS } from '../platform-connections.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
let hooli: Organisation;
beforeAll(async () => {
  world = await startWorld(GOOGLE);
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme', { roles: [{ value: 'noc', role: 'NOC_OPERATOR' }] });
  hooli = await addOrganisation(world, 'hooli');
});
afterAll(() => world.close());

const person = (name: string, more: Record<string, unknown> = {}) =>
  verified(name, `${name}@acme.example`, more);

/** Begins a trial, in a browser of its own that keeps the cookie and has no session. */
async function begin(admin: Caller, id: string) {
  const begun = await admin.post(`/connections/${id}/try`);
  expect(begun.status, begun.text).toBe(200);
  const browser = gatehouse.browser();
  const cookie = begun.cookies.find(({ name }) => name === '__Host-gh.sso');
  browser.cookies.set('__Host-gh.sso', String(cookie?.value));
  return { browser, to: String(begun.body.authorizationUrl) };
}

/** From the beginning to the token of the result. */
async function run(org: Organisation, claims: Record<string, unknown>, id = org.connectionId) {
  org.provider.claims = claims;
  const { browser, to } = await begin(org.admin, id);
  const back = await world.providers.authorize(to);
  const answer = await browser.get(`${back.pathname}${back.search}`);
  expect(answer.status, answer.text).toBe(303);
  const page = new URL(String(answer.headers.location));
  expect(`${page.origin}${page.pathname}${page.search}`).toBe(
    `${gatehouse.config.publicUrl}/connections/${id}/trial`,
  );
  const token = String(new URLSearchParams(page.hash.slice(1)).get('trial'));
  return { token, back, answer, browser };
}

/** What the administrator who tried is shown. */
async function tried(org: Organisation, claims: Record<string, unknown>, id = org.connectionId) {
  const { token } = await run(org, claims, id);
  const read = await org.admin.post(`/connections/${id}/trial`, { token });
  expect(read.status, read.text).toBe(200);
  return read.body as unknown as ConnectionTrial;
}
const codes = ({ findings }: ConnectionTrial) => findings.map(({ code }) => code);

/** Everything that a sign-in would write. */
const written = async () =>
  (
    await gatehouse.sql<Record<string, number>>(`select
      (select count(*) from gatehouse.users)::int as users,
      (select count(*) from gatehouse.memberships)::int as memberships,
      (select count(*) from gatehouse.external_identities)::int as identities,
      (select count(*) from gatehouse.role_assignments)::int as roles,
      (select count(*) from gatehouse.credentials)::int as credentials,
      (select count(*) from gatehouse.sessions)::int as sessions,
      (select count(*) from gatehouse.outbox)::int as mails,
      (select count(*) from gatehouse.subject_keys)::int as keys,
      (select count(*) from gatehouse.audit_records where action <> 'connection_tried')::int as records`)
  )[0];

describe('trying a connection', () => {
  it('shows what the provider said and what would come of it, before it is in service, and does nothing of it [threat 37]', async () => {
    await acme.admin.post(`/connections/${acme.connectionId}/disable`);
    const before = await written();
    const { token, back, answer, browser } = await run(
      acme,
      person('newcomer', { groups: ['noc', 'staff'], upstream: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x' }),
    );
    // Neither cookies nor a session, and nothing in the address but what names the result.
    expect(answer.cookies.map(({ name }) => name)).toEqual([]);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    const read = await acme.admin.post(`/connections/${acme.connectionId}/trial`, { token });
    const trial = read.body as unknown as ConnectionTrial;
    expect(trial).toMatchObject({
      enters: true,
      identity: {
        issuer: 'https://id.acme.example',
        subject: 'newcomer',
        email: 'newcomer@acme.example',
        name: 'Ada Lovelace',
        emailVerified: true,
        emailCounts: true,
        links: true,
      },
      user: { is: 'new', id: null, email: 'newcomer@acme.example' },
      roles: [{ value: 'noc', role: 'NOC_OPERATOR', given: true }],
      findings: [{ code: 'connection.disabled', keepsOut: false }],
    });
    expect(trial.claims).toContainEqual({ name: 'groups', value: '["noc","staff"]' });
    expect(trial.claims).toContainEqual({ name: 'upstream', value: '…' });
    expect(trial.claims.map(({ name }) => name)).not.toContain('nonce');
    for (const secret of [
      String(back.searchParams.get('code')),
      String(back.searchParams.get('state')),
      'a-secret-of-the-provider',
      'eyJ',
    ])
      expect(read.text).not.toContain(secret);
    expect(await written()).toEqual(before);
    expect(await world.usersOf('newcomer@acme.example')).toEqual([]);
    const [record] = itemsOf(await acme.admin.get('/audit?action=connection_tried'));
    expect(record).toMatchObject({
      actor: { kind: 'user', id: acme.admin.userId },
      resource: { type: 'connection', id: acme.connectionId },
      after: { status: 'disabled' },
    });
    await acme.admin.post(`/connections/${acme.connectionId}/enable`);
  });

  it('asks the provider when the person signed in there, since one that keeps to the standard need not say it unasked', async () => {
    const { to } = await begin(acme.admin, acme.connectionId);
    expect(new URL(to).searchParams.get('max_age')).toBe('0');
  });

  it('says whom it would enter: somebody linked, or found by a proved address; and leaves what an unproved one set up', async () => {
    await world.enter(acme, person('linked'));
    const found = await addPerson(gatehouse, acme.tenantId, []);
    const seen = await tried(acme, person('linked'));
    expect(seen.user).toMatchObject({ is: 'linked', email: 'linked@acme.example' });
    await gatehouse.sql(
      `update gatehouse.users set email = 'found@acme.example', email_key = 'found@acme.example', email_verified_at = null where id = $1`,
      [found.userId],
    );
    const before = await written();
    const trial = await tried(acme, verified('finder', 'found@acme.example'));
    expect(trial).toMatchObject({ enters: true, user: { is: 'found', id: found.userId } });
    expect(await written()).toEqual(before);
    expect(await world.usersOf('found@acme.example')).toMatchObject([{ proved: false }]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['an address that nobody vouches for', { email_verified: 'true' }, ['auth.email_unproved']],
    ['no address', { email: ' ' }, ['auth.email_unproved']],
    ['an address of somebody else’s domain', { email: 'x@elsewhere.example' }, ['auth.domain_unproved']],
    ['no groups', { groups: undefined }, ['claims.groups_missing']],
    ['no time of the sign-in there, which it has said before', { auth_time: 0 }, ['provider.time_withheld']],
    ['groups that nothing is mapped to', { groups: ['x'] }, ['mapping.unmatched']],
  ])('says what is wrong with an answer that has %s', async (_, more, expected) => {
    const trial = await tried(acme, person('awkward', { groups: ['noc'], ...more }));
    expect(codes(trial)).toEqual(expected);
    expect(trial.enters).toBe(!expected[0]?.startsWith('auth.'));
    expect(trial.identity).toMatchObject({ subject: 'awkward' });
  });

  it('says whether a provider that says no time could say it, and who is kept out by that where a factor is demanded', async () => {
    const mute = await addOrganisation(world, 'mute');
    await setRules(gatehouse, mute.tenantId, { mfa: { policy: 'mandatory', rememberDays: 0 } });
    const answer = verified('newcomer', 'newcomer@mute.example');
    const timeless = async () => {
      const { findings, enters } = await tried(mute, { ...answer, auth_time: 0 });
      return [enters, findings];
    };
    const said = (code: string, keepsOut = false) => [{ code, keepsOut, detail: null }];
    expect(await timeless()).toEqual([true, said('provider.time_unsaid')]);
    expect((await tried(mute, answer)).findings).toEqual([]);
    expect(await timeless()).toEqual([false, said('provider.time_withheld', true)]);
    // What was learned is of that client there, and of nothing else.
    const { settings } = (
      await gatehouse.sql<{ settings: object }>('select settings from gatehouse.connections where id = $1', [
        mute.connectionId,
      ])
    )[0] as { settings: object };
    expect(settings).toMatchObject({ statesTime: true });
    const read = await mute.admin.get(`/connections/${mute.connectionId}`);
    expect(read.body).not.toHaveProperty('statesTime');
    const changed = await mute.admin.patch(`/connections/${mute.connectionId}`, { clientId: 'another' });
    expect(changed.status, changed.text).toBe(200);
    expect(
      await gatehouse.sql('select settings from gatehouse.connections where id = $1', [mute.connectionId]),
    ).not.toMatchObject([{ settings: { statesTime: true } }]);
  });

  it.each<[string, Organisation['provider']['alter'], string, RegExp]>([
    [
      'refuses',
      {
        redirect: (url) => (url.search = `?error=access_denied&state=${url.searchParams.get('state') ?? ''}`),
      },
      'provider.refused',
      /access_denied/,
    ],
    [
      'does not take the client',
      { answer: (body) => Object.assign(body, { statusCode: 401, body: { error: 'invalid_client' } }) },
      'provider.client_refused',
      /invalid_client/,
    ],
    [
      'does not redeem the code',
      { answer: (body) => Object.assign(body, { statusCode: 400, body: { error: 'invalid_grant' } }) },
      'provider.code_refused',
      /invalid_grant/,
    ],
    [
      'answers for another client',
      { token: (payload) => (payload.aud = 'somebody-else') },
      'provider.answer_invalid',
      /aud/,
    ],
    [
      'answers without the nonce',
      { token: (payload) => void delete payload.nonce },
      'provider.answer_invalid',
      /nonce/,
    ],
  ])('says what is wrong where the provider %s', async (_, alter, code, detail) => {
    acme.provider.alter = alter;
    try {
      const trial = await tried(acme, person('nobody'));
      expect(trial).toMatchObject({ enters: false, identity: null, user: null, claims: [], roles: [] });
      expect(trial.findings).toMatchObject([{ code, keepsOut: true }]);
      expect(trial.findings[0]?.detail).toMatch(detail);
    } finally {
      acme.provider.alter = {};
    }
  });

  it('is the same by SAML: what was posted is kept for a connection that is out of service where it answers a trial alone', async () => {
    const globex = await addSamlOrganisation(world, 'globex', { key: await makeKey('globex') });
    const path = `/connections/${globex.connectionId}`;
    await globex.admin.post(`${path}/disable`);
    const { browser, to } = await begin(globex.admin, globex.connectionId);
    const request = await readRequest(to);
    const who = { nameId: 'ada', email: 'ada@globex.example', groups: ['noc'] };
    const answer = await comeBack(world, browser, globex.acs, request, await respond(globex, request, who));
    const token = new URLSearchParams(new URL(String(answer.headers.location)).hash.slice(1)).get('trial');
    const trial = (await globex.admin.post(`${path}/trial`, { token })).body;
    expect(trial).toMatchObject({
      enters: true,
      identity: { subject: 'ada', email: 'ada@globex.example' },
      user: { is: 'new' },
      findings: [{ code: 'connection.disabled' }],
    });
    expect(await world.usersOf('ada@globex.example')).toEqual([]);
    const form = { SAMLResponse: Buffer.from('<x/>').toString('base64'), RelayState: 'x' };
    expect((await postResponse(world, globex.acs, form)).body.code).toBe('auth.connection_disabled');
  });

  it('tells of whoever wrote the connection and is gone, and what that costs', async () => {
    const tenantId = await addTenant(gatehouse, { name: 'orphaned' });
    const author = await addCaller(gatehouse, tenantId, 'admin');
    const admin = await addCaller(gatehouse, tenantId, 'admin');
    const issuer = 'https://id.orphaned.example';
    const provider = await world.providers.add(issuer);
    const roles = [{ value: 'noc', role: 'NOC_OPERATOR' }];
    const connectionId = await connect(author, { name: 'orphaned', issuer, roles });
    const org: Organisation = { tenantId, admin, provider, connectionId, login: '' };
    const { userId } = await addPerson(gatehouse, tenantId, []);
    await gatehouse.sql(
      `insert into gatehouse.external_identities (tenant_id, id, connection_id, connection_tenant_id, issuer, subject, user_id, linked_by, created_at)
       values ($1, gen_random_uuid(), $2, $1, $3, 'one', $4, 'owner', now())`,
      [tenantId, connectionId, issuer, userId],
    );
    const claims = verified('one', 'one@orphaned.example', { groups: ['noc'] });
    expect(await tried(org, claims)).toMatchObject({ findings: [], roles: [{ given: true }] });
    expect((await admin.post(`/users/${author.userId}/suspend`)).status).toBe(200);
    const trial = await tried(org, claims);
    expect(codes(trial)).toEqual(['author.gone', 'mapping.not_given']);
    expect(trial).toMatchObject({ enters: true, roles: [{ role: 'NOC_OPERATOR', given: false }] });
    // Saved anew, as the finding says, by somebody who holds the role: they answer for it from then on, and it is recorded.
    expect((await admin.patch(`/connections/${connectionId}`, { name: 'orphaned' })).status).toBe(200);
    expect(await tried(org, claims)).toMatchObject({ findings: [], roles: [{ given: true }] });
    const [record] = itemsOf(await admin.get(`/audit?resourceId=${connectionId}&action=connection_updated`));
    expect(record).toMatchObject({ after: { author: 'replaced' } });
  });

  it('is told to the session that began it, by the browser that began, and for ten minutes [threat 20]', async () => {
    const { token, back, browser } = await run(acme, person('private'));
    const read = (by: Caller, id: string) => by.post(`/connections/${id}/trial`, { token });
    const second = await addCaller(gatehouse, acme.tenantId, 'admin');
    const other = await connect(acme.admin, { name: 'Other', issuer: acme.provider.issuer });
    for (const [by, id] of [
      [second, acme.connectionId],
      [hooli.admin, acme.connectionId],
      [hooli.admin, hooli.connectionId],
      [acme.admin, other],
    ] as const)
      expect((await read(by, id)).status).toBe(404);
    expect((await read(acme.admin, acme.connectionId)).status).toBe(200);
    // What came back is spent, and what is begun is good in the one browser alone.
    const again = await browser.get(`${back.pathname}${back.search}`);
    expect([again.status, again.body.code]).toEqual([400, 'auth.sign_in_expired']);
    const { to } = await begin(acme.admin, acme.connectionId);
    const elsewhere = await world.providers.authorize(to);
    const stranger = await gatehouse.browser().get(`${elsewhere.pathname}${elsewhere.search}`);
    expect(stranger.body.code).toBe('auth.sign_in_expired');
    const visitor = gatehouse.browser();
    await visitor.get(acme.login);
    expect((await visitor.get(`${elsewhere.pathname}${elsewhere.search}`)).body.code).toBe(
      'auth.sign_in_expired',
    );
    await acme.admin.signInAgain();
    expect((await read(acme.admin, acme.connectionId)).status).toBe(404);
    const late = await run(acme, person('late'));
    gatehouse.clock.advance({ minutes: 10 });
    const asked = await acme.admin.post(`/connections/${acme.connectionId}/trial`, { token: late.token });
    expect(asked.status, asked.text).toBe(404);
  });

  it('needs the right to change connections, and one of this tenant that is not the platform’s', async () => {
    const auditor = await addCaller(gatehouse, acme.tenantId, 'NOC_OPERATOR');
    expect((await auditor.post(`/connections/${acme.connectionId}/try`)).status).toBe(403);
    expect((await hooli.admin.post(`/connections/${acme.connectionId}/try`)).status).toBe(404);
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN', 'admin');
    expect((await platform.post(`/connections/${PLATFORM_CONNECTIONS.google}/try`)).body.code).toBe(
      'connections.built_in',
    );
    const unreachable = await acme.admin.post('/connections', {
      kind: 'oidc',
      name: 'Nowhere',
      issuer: 'https://nowhere.example',
      clientId: 'x',
    });
    const refused = await acme.admin.post(`/connections/${String(unreachable.body.id)}/try`);
    expect([refused.status, refused.body.code]).toEqual([400, 'connections.provider_unreachable']);
  });
});

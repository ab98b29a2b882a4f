import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOrganisation,
  connect,
  type Organisation,
  proveDomain,
  startWorld,
  type World,
} from '../../../test/connections.fixture.ts';
import { addCaller, addTenant, itemsOf } from '../../../test/people.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme');
});
afterAll(() => world.close());

const secretOf = async (id: string) =>
  (
    await gatehouse.sql<{ secret: string | null }>(
      'select secret_sealed as secret from gatehouse.connections where id = $1',
      [id],
    )
  )[0]?.secret;
const actionsOn = async (id: string) =>
  (
    await gatehouse.sql<{ action: string }>(
      'select action from gatehouse.audit_records where resource_id = $1 and tenant_id = $2 order by id',
      [id, acme.tenantId],
    )
  ).map(({ action }) => action);

describe('an identity provider of a tenant', () => {
  it('is shown with what has to be registered, and never with its secret, which is sealed to it', async () => {
    const made = await acme.admin.post('/connections', {
      kind: 'oidc',
      name: 'Secretive',
      issuer: 'https://id.secretive.example/realm',
      clientId: 'gatehouse',
      clientSecret: 'hush-hush-hush',
    });
    const id = String(made.body.id);
    expect(made.body).toMatchObject({
      status: 'disabled',
      scope: 'tenant',
      hasSecret: true,
      roles: [],
      createUsers: true,
      groupsClaim: 'groups',
      redirectUri: `${gatehouse.config.publicUrl}/api/v1/auth/connections/${id}/callback`,
    });
    const list = await acme.admin.get('/connections');
    expect(itemsOf(list).map(({ name }) => name)).toEqual(['acme', 'Secretive']);
    const records = await acme.admin.get(`/audit?resourceId=${id}`);
    for (const { text } of [made, list, await acme.admin.get(`/connections/${id}`), records])
      expect(text).not.toContain('hush');
    expect(records.text).toContain('connection_created');
    expect(await secretOf(id)).toMatch(/^v1\./);
    expect(await actionsOn(id)).toEqual(['connection_created']);
  });

  it('takes a new issuer only without the secret of the one before, and out of service [threat 65] [threat 30]', async () => {
    const id = await connect(acme.admin, { name: 'Moving', issuer: acme.provider.issuer });
    await world.providers.add('https://evil.example');
    const same = await acme.admin.patch(`/connections/${id}`, { name: 'Moved', scopes: ['groups'] });
    expect(same.body).toMatchObject({ status: 'enabled', hasSecret: true, name: 'Moved' });
    const moved = await acme.admin.patch(`/connections/${id}`, { issuer: 'https://evil.example' });
    expect(moved.body).toMatchObject({
      status: 'disabled',
      hasSecret: false,
      issuer: 'https://evil.example',
    });
    const back = await acme.admin.patch(`/connections/${id}`, { issuer: acme.provider.issuer });
    expect(back.body).toMatchObject({ hasSecret: false });
    // Another path of the same host is another issuer: of many that share one, each belongs to somebody else.
    const shared = await connect(acme.admin, { name: 'Shared', issuer: acme.provider.issuer });
    const next = await acme.admin.patch(`/connections/${shared}`, {
      issuer: `${acme.provider.issuer}/somebody-else`,
    });
    expect(next.body).toMatchObject({ status: 'disabled', hasSecret: false });
    const other = await acme.admin.patch(`/connections/${id}`, { clientSecret: 'another-one' });
    expect(other.body).toMatchObject({ hasSecret: true });
    expect(await actionsOn(id)).toEqual([
      'connection_created',
      'connection_enabled',
      'connection_updated',
      'connection_updated',
      'connection_disabled',
      'connection_updated',
      'connection_updated',
    ]);
    // What was read can be sent back, and changes nothing.
    const { name, issuer, clientId, scopes, groupsClaim, roles, createUsers } = other.body;
    await acme.admin.patch(`/connections/${id}`, {
      name,
      issuer,
      clientId,
      scopes,
      groupsClaim,
      roles,
      createUsers,
    });
    expect(await actionsOn(id)).toHaveLength(7);
  });

  it('is described in one spelling, by https and for what it is', async () => {
    const refused: Record<string, unknown>[] = [
      { issuer: 'http://id.example.com' },
      { issuer: 'https://id.example.com?x=1' },
      { issuer: 'https://id.example.com#x' },
      { issuer: 'https://user:pass@id.example.com' },
      { issuer: 'https://ID.example.com' },
      { issuer: 'https://id.example.com/../x' },
      { issuer: 'https://id.example.com:443' },
      { issuer: 'javascript:alert(1)' },
      { issuer: undefined },
      { kind: 'google', issuer: 'https://accounts.google.com' },
      { kind: 'microsoft', issuer: undefined },
      { kind: 'microsoft', issuer: undefined, directoryId: 'organizations' },
      { kind: 'github', issuer: undefined, directoryId: '8d8ac610-566d-4ef0-9c22-186b2a5ed793' },
      { kind: 'saml' },
      { clientId: 'with blank' },
      { name: '' },
      { scopes: ['a b'] },
      { createUsers: 'yes' },
      { tenantId: acme.tenantId },
      { scope: 'platform' },
      { status: 'enabled' },
      { roles: [{ value: 'x', role: 'NO_SUCH_ROLE' }] },
    ];
    for (const change of refused) {
      const answer = await acme.admin.post('/connections', {
        kind: 'oidc',
        name: 'x',
        issuer: 'https://id.example.com',
        clientId: 'x',
        ...change,
      });
      expect(answer.status, JSON.stringify(change)).toBe(400);
    }
  });

  it('is put in service only when its provider answers as described', async () => {
    const nobody = await acme.admin.post('/connections', {
      kind: 'oidc',
      name: 'Nobody',
      issuer: 'https://nobody.example',
      clientId: 'x',
    });
    const enable = (id: unknown) => acme.admin.post(`/connections/${String(id)}/enable`);
    expect((await enable(nobody.body.id)).body.code).toBe('connections.provider_unreachable');
    const github = await acme.admin.post('/connections', { kind: 'github', name: 'Hub', clientId: 'x' });
    expect((await enable(github.body.id)).body.code).toBe('connections.incomplete');
    const odd = await world.providers.add('https://odd.example');
    const oddly = await acme.admin.post('/connections', {
      kind: 'oidc',
      name: 'Odd',
      issuer: odd.issuer,
      clientId: 'x',
    });
    const faults: Record<string, unknown>[] = [
      { issuer: 'https://id.acme.example' },
      { authorization_endpoint: 'javascript:alert(1)' },
      { authorization_endpoint: 'http://odd.example/authorize' },
      { token_endpoint: 'http://169.254.169.254/latest' },
      { jwks_uri: undefined },
    ];
    for (const fault of faults) {
      odd.alter.metadata = (body) => Object.assign(body, fault);
      const answer = await enable(oddly.body.id);
      expect(answer.body.code, JSON.stringify(fault)).toBe('connections.provider_unreachable');
    }
    odd.alter.metadata = () => undefined;
    expect((await enable(oddly.body.id)).body).toMatchObject({ status: 'enabled' });
  });

  it('is changed by nobody who could not give the roles that it maps [threat 72]', async () => {
    const mapped = await connect(acme.admin, {
      name: 'Mapped',
      issuer: acme.provider.issuer,
      roles: [{ value: 'boss', role: 'admin' }],
    });
    const support = await addCaller(gatehouse, acme.tenantId, 'SUPPORT_AGENT');
    expect((await support.patch(`/connections/${mapped}`, { name: 'x' })).body.code).toBe('access.denied');
    // Somebody who may change connections, and nothing else.
    await gatehouse.sql(
      `with made as (insert into gatehouse.roles (id, tenant_id, name, title, description, role_group)
         values (gen_random_uuid(), $1, 'connector', 'Connector', '', 'other') returning id),
       filled as (insert into gatehouse.role_permissions (role_id, tenant_id, permission)
         select id, $1, p from made, unnest(array['connections:update', 'connections:create', 'roles:assign']) p)
       insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at)
         select $1, $2, id, gen_random_uuid(), 'bootstrap', now() from made`,
      [acme.tenantId, support.principalId],
    );
    gatehouse.clock.advance({ seconds: 1 });
    for (const body of [{ issuer: 'https://odd.example' }, { groupsClaim: 'email' }, { name: 'x' }])
      expect((await support.patch(`/connections/${mapped}`, body)).body.code).toBe(
        'access.grant_exceeds_own',
      );
    const own = { kind: 'oidc', name: 'x', issuer: 'https://odd.example', clientId: 'x' };
    const made = await support.post('/connections', { ...own, roles: [{ value: 'x', role: 'admin' }] });
    expect(made.body.code).toBe('access.grant_exceeds_own');
    expect((await support.post('/connections', own)).status).toBe(201);
  });

  it('of another tenant is not there, whichever way it is asked for [threat 5]', async () => {
    const globex = await addOrganisation(world, 'globex');
    const id = acme.connectionId;
    for (const answer of [
      await globex.admin.get(`/connections/${id}`),
      await globex.admin.patch(`/connections/${id}`, { name: 'x' }),
      await globex.admin.post(`/connections/${id}/enable`),
      await globex.admin.post(`/connections/${id}/disable`),
      await globex.admin.delete(`/connections/${id}`),
      await globex.admin.post('/domains', { domain: 'x.globex.example', connectionId: id }),
    ])
      expect(answer.status).toBe(404);
  });

  it('is gone for good with its identities and sessions', async () => {
    const id = await connect(acme.admin, { name: 'Gone', issuer: acme.provider.issuer });
    acme.provider.claims = { sub: 'gone', email: 'gone@acme.example', email_verified: true };
    const browser = gatehouse.browser();
    expect((await world.providers.signIn(browser, `/api/v1/auth/connections/${id}/login`)).status).toBe(303);
    expect((await acme.admin.delete(`/connections/${id}`)).status).toBe(204);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect(
      await gatehouse.sql('select id from gatehouse.external_identities where connection_id = $1', [id]),
    ).toEqual([]);
    expect((await gatehouse.browser().get(`/api/v1/auth/connections/${id}/login`)).status).toBe(404);
  });
});

describe('a domain of a tenant', () => {
  it('is proved by its record alone, and sends its people to a connection of the tenant', async () => {
    const added = await acme.admin.post('/domains', { domain: 'proof.example' });
    const id = String(added.body.id);
    const record = added.body.record as { name: string; value: string };
    expect(record.name).toBe('_gatehouse-challenge.proof.example');
    expect((await acme.admin.post(`/domains/${id}/verify`)).body.code).toBe('domains.not_proved');
    world.zone.set(record.name, [
      'v=spf1',
      `${record.value}0`,
      record.value.slice(0, -1),
      `x ${record.value}`,
    ]);
    expect((await acme.admin.post(`/domains/${id}/verify`)).body.code).toBe('domains.not_proved');
    world.zone.set(record.name, ['v=spf1', record.value]);
    expect((await acme.admin.post(`/domains/${id}/verify`)).body).toMatchObject({ status: 'verified' });
    const sent = await acme.admin.patch(`/domains/${id}`, { connectionId: acme.connectionId });
    expect(sent.body).toMatchObject({ connectionId: acme.connectionId });
    expect((await acme.admin.post('/domains', { domain: 'proof.example' })).body.code).toBe('domains.exists');
    expect((await acme.admin.delete(`/domains/${id}`)).status).toBe(204);
    expect(await actionsOn(id)).toEqual([
      'domain_added',
      'domain_verified',
      'domain_updated',
      'domain_removed',
    ]);
  });

  it('that one tenant has proved is no other’s, by whatever record', async () => {
    const tenantId = await addTenant(gatehouse, { name: 'late' });
    const late = await addCaller(gatehouse, tenantId, 'admin');
    const added = await late.post('/domains', { domain: 'acme.example' });
    const record = added.body.record as { name: string; value: string };
    const before = world.zone.get(record.name) ?? [];
    // The record of the one is not the record of the other.
    expect((await late.post(`/domains/${String(added.body.id)}/verify`)).body.code).toBe(
      'domains.not_proved',
    );
    world.zone.set(record.name, [...before, record.value]);
    expect((await late.post(`/domains/${String(added.body.id)}/verify`)).body.code).toBe('domains.in_use');
    for (const domain of [
      'Acme.example',
      'acme.example.',
      'example',
      '*.acme.example',
      'acme.example/x',
      'xn--',
      'a..b',
      '-a.example',
    ])
      expect((await late.post('/domains', { domain })).status, domain).toBe(400);
    // Given up by the one, it can be proved by the other.
    const [own] = itemsOf(await acme.admin.get('/domains')).filter(({ domain }) => domain === 'acme.example');
    await acme.admin.delete(`/domains/${String(own?.id)}`);
    expect((await late.post(`/domains/${String(added.body.id)}/verify`)).status).toBe(200);
    await late.delete(`/domains/${String(added.body.id)}`);
    await proveDomain(world, acme.admin, 'acme.example');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Person;
let platform: Person;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  admin = await addPerson(gatehouse, tenantId, ['admin']);
  platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
});
afterAll(() => gatehouse.close());

const as = (who: Person, method: string, url: string, body?: unknown) =>
  call(gatehouse, who.token, { method, url: `/api/v1${url}`, body });
let made = 0;
const nameOne = () => `desk_${(made += 1)}`;
const make = async (permissions: string[], by = admin) => {
  const answer = await as(by, 'POST', '/roles', { name: nameOne(), title: 'Desk', permissions });
  expect(answer.status, answer.text).toBe(201);
  return answer.body as { id: string; name: string; permissions: string[] };
};
const give = (to: Person, role: string, more: object = {}, by = admin) =>
  as(by, 'POST', '/role-assignments', { principalId: to.principalId, role, ...more });
const mayDo = async (who: Person) => (await as(who, 'GET', '/auth/me')).body.permissions as string[];
const inMinutes = (minutes: number) =>
  new Date(gatehouse.clock.now().getTime() + minutes * 60_000).toISOString();
const recordsOf = (id: string) =>
  gatehouse.sql<{ action: string; actor_id: string; before: object; after: object }>(
    'select action, actor_id, before, after from gatehouse.audit_records where tenant_id = $1 and resource_id = $2 order by id',
    [tenantId, id],
  );
/** What the log has told of the tenant since a place in it. */
const told = async (since: string) =>
  (
    await gatehouse.sql<{ kind: string; subject_id: string }>(
      'select kind, subject_id from gatehouse.revocations where tenant_id = $1 and seq > $2 order by seq',
      [tenantId, since],
    )
  ).map(({ kind, subject_id }) => `${kind} ${subject_id}`);
const place = async () =>
  (await gatehouse.sql<{ seq: string }>('select coalesce(max(seq), 0) as seq from gatehouse.revocations'))[0]
    ?.seq ?? '0';
/** Somebody who may edit and give roles, and holds these permissions beside. */
async function editor(permissions: string[], more: object = {}): Promise<Person> {
  const person = await addPerson(gatehouse, tenantId, []);
  const asking = await make(['roles:read', 'roles:create', 'roles:update', 'roles:delete', 'roles:assign']);
  expect((await give(person, asking.name)).status).toBe(201);
  if (permissions.length > 0) await give(person, (await make(permissions)).name, more);
  return person;
}

describe('a role of a tenant’s own', () => {
  it('is made, given, changed and deleted, and each holder’s next request goes by it', async () => {
    const role = await make(['tickets:read', 'tickets:close']);
    expect(role).toMatchObject({
      system: false,
      group: 'own',
      permissions: ['tickets:close', 'tickets:read'],
    });
    const holder = await addPerson(gatehouse, tenantId, ['customer_viewer']);
    const assignment = (await give(holder, role.name)).body.id as string;
    expect((await as(holder, 'GET', '/auth/me')).body.roles).toEqual(['customer_viewer', role.name]);
    expect(await mayDo(holder)).toContain('tickets:close');

    const before = await place();
    const changed = await as(admin, 'PATCH', `/roles/${role.id}`, {
      title: 'Night desk',
      permissions: ['tickets:read', 'users:read'],
    });
    expect(changed.body).toMatchObject({ title: 'Night desk', permissions: ['tickets:read', 'users:read'] });
    const now = await mayDo(holder);
    expect([now.includes('tickets:close'), now.includes('users:read')]).toEqual([false, true]);
    expect((await as(holder, 'GET', '/users')).status).toBe(200);
    expect(await told(before)).toEqual([`principal ${holder.principalId}`, `access ${tenantId}`]);

    const refused = await as(admin, 'DELETE', `/roles/${role.id}`);
    expect([refused.status, refused.body.code]).toEqual([409, 'roles.in_use']);
    await as(admin, 'DELETE', `/role-assignments/${assignment}`);
    expect((await as(admin, 'DELETE', `/roles/${role.id}`)).status).toBe(204);
    expect((await as(admin, 'GET', `/roles/${role.id}`)).status).toBe(404);
    expect((await recordsOf(role.id)).map(({ action }) => action)).toEqual([
      'role_created',
      'role_updated',
      'role_deleted',
    ]);
    expect((await recordsOf(role.id))[1]).toMatchObject({
      actor_id: admin.userId,
      before: { title: 'Desk', removed: ['tickets:close'] },
      after: { title: 'Night desk', added: ['users:read'] },
    });
  });

  it('that stays as it is leaves no record and ends nobody’s token', async () => {
    const role = await make(['tickets:read']);
    await give(await addPerson(gatehouse, tenantId, []), role.name);
    const before = await place();
    const same = { title: 'Desk', permissions: ['tickets:read'] };
    expect((await as(admin, 'PATCH', `/roles/${role.id}`, same)).status).toBe(200);
    expect((await as(admin, 'PATCH', `/roles/${role.id}`, { title: 'Other' })).status).toBe(200);
    expect(await told(before)).toEqual([]);
    expect(await recordsOf(role.id)).toHaveLength(2);
  });

  it('has a name that no built-in role and no other of the tenant has, in whatever case', async () => {
    const role = await make([]);
    for (const name of [role.name, 'admin', 'sales_rep', 'platform_admin', 'customer_viewer']) {
      const answer = await as(admin, 'POST', '/roles', { name, title: 'X', permissions: [] });
      expect([answer.status, answer.body.code], name).toEqual([409, 'roles.name_in_use']);
    }
    for (const body of [
      { name: 'SALES_REP', title: 'X', permissions: [] },
      { name: 'a', title: 'X', permissions: [] },
      { name: 'with space', title: 'X', permissions: [] },
      { name: nameOne(), title: '', permissions: [] },
      { name: nameOne(), title: 'X', permissions: ['users:*'] },
      { name: nameOne(), title: 'X', permissions: [], system: true },
      { name: nameOne(), title: 'X', permissions: [], tenantId: ROOT_TENANT },
    ])
      expect((await as(admin, 'POST', '/roles', body)).status, JSON.stringify(body)).toBe(400);
    expect((await as(admin, 'PATCH', `/roles/${role.id}`, { name: 'other_name' })).status).toBe(400);
    const { tenantId: other } = await registerTenant(gatehouse, 'Other', 'first@other.example');
    const stranger = await addPerson(gatehouse, other, ['admin']);
    const again = { name: role.name, title: 'X', permissions: [] };
    expect((await as(stranger, 'POST', '/roles', again)).status).toBe(201);
    for (const method of ['PATCH', 'DELETE'])
      expect(
        (await as(stranger, method, `/roles/${role.id}`, method === 'PATCH' ? { title: 'X' } : undefined))
          .status,
      ).toBe(404);
  });

  it('cannot be deleted while an open invitation or the mapping of a provider names it', async () => {
    const role = await make(['tickets:read']);
    const invited = await as(admin, 'POST', '/invitations', {
      email: 'new@acme.example',
      roles: [role.name],
    });
    expect(invited.status, invited.text).toBe(201);
    expect((await as(admin, 'DELETE', `/roles/${role.id}`)).body.code).toBe('roles.in_use');
    await as(admin, 'DELETE', `/invitations/${String(invited.body.id)}`);
    await gatehouse.sql(
      `insert into gatehouse.connections (tenant_id, id, kind, name, issuer, settings, created_at, updated_at)
       values ($1, $2, 'oidc', 'Our directory', 'https://id.example', $3, now(), now())`,
      [tenantId, newId(), JSON.stringify({ roles: [{ value: 'desk', role: role.name }] })],
    );
    const mapped = await as(admin, 'DELETE', `/roles/${role.id}`);
    expect([mapped.status, mapped.body.code]).toEqual([409, 'roles.in_use']);
    expect(mapped.body.detail).toContain('Our directory');
  });

  it('goes with assignments that have expired', async () => {
    const role = await make(['tickets:read']);
    await give(await addPerson(gatehouse, tenantId, []), role.name, { expiresAt: inMinutes(1) });
    expect((await as(admin, 'DELETE', `/roles/${role.id}`)).status).toBe(409);
    gatehouse.clock.advance({ minutes: 2 });
    expect((await as(admin, 'DELETE', `/roles/${role.id}`)).status).toBe(204);
  });

  it('is told to followers as a change of access, which ends no token, and the root tenant’s to all', async () => {
    const read = async (who: Person) =>
      (await as(who, 'GET', '/revocations?limit=1000')).body.items as {
        kind: string;
        tenantId: string;
        matches: unknown[];
      }[];
    await make([]);
    const mine = (await read(admin)).findLast(({ kind }) => kind === 'access');
    expect(mine).toMatchObject({ tenantId, id: tenantId, matches: [] });
    await as(platform, 'POST', '/roles', { name: nameOne(), title: 'X', permissions: [] });
    expect((await read(admin)).findLast(({ kind }) => kind === 'access')).toMatchObject({
      tenantId: ROOT_TENANT,
    });
  });
});

describe('who edits a role', () => {
  it('puts nothing into it and takes nothing out of it that they do not hold [threat 72]', async () => {
    const who = await editor(['tickets:read']);
    const mine = await make(['tickets:read'], who);
    const beyond = await make(['tickets:read', 'users:delete']);
    for (const [method, url, body, missing] of [
      ['POST', '/roles', { name: nameOne(), title: 'X', permissions: ['users:delete'] }, 'users:delete'],
      ['PATCH', `/roles/${mine.id}`, { permissions: ['tickets:read', 'audit:export'] }, 'audit:export'],
      ['PATCH', `/roles/${beyond.id}`, { permissions: ['tickets:read'] }, 'users:delete'],
      ['DELETE', `/roles/${beyond.id}`, undefined, 'users:delete'],
    ] as const) {
      const answer = await as(who, method, url, body);
      expect([answer.status, answer.body.code, answer.body.missingPermission], `${method} ${url}`).toEqual([
        403,
        'access.grant_exceeds_own',
        missing,
      ]);
    }
    const denied = await gatehouse.sql(
      `select id from gatehouse.audit_records where tenant_id = $1 and action = 'authorization_denied' and actor_id = $2`,
      [tenantId, who.userId],
    );
    expect(denied).toHaveLength(4);
    expect((await as(who, 'PATCH', `/roles/${mine.id}`, { permissions: [] })).status).toBe(200);
    expect((await as(who, 'DELETE', `/roles/${mine.id}`)).status).toBe(204);
  });

  it('holds for good what they put into it: not by a role that ends, and not once it has ended [threat 72]', async () => {
    const who = await editor(['users:delete'], { expiresAt: inMinutes(5) });
    const body = () => ({ name: nameOne(), title: 'X', permissions: ['users:delete'] });
    const other = await make([], who);
    for (const minutes of [0, 6]) {
      gatehouse.clock.advance({ minutes });
      expect((await as(who, 'POST', '/roles', body())).body.code).toBe('access.grant_exceeds_own');
      const widened = await as(who, 'PATCH', `/roles/${other.id}`, { permissions: ['users:delete'] });
      expect(widened.body.code).toBe('access.grant_exceeds_own');
    }
  });

  it('puts no platform permission into a tenant’s role, not even as PLATFORM_ADMIN, and nothing that nobody knows [threat 72]', async () => {
    const at = `/tenants/${tenantId}/roles`;
    for (const [who, url, permission] of [
      [platform, at, 'tenants:create'],
      [platform, at, 'no_such:thing'],
      [platform, '/roles', 'no_such:thing'],
      [admin, '/roles', 'signing_keys:rotate'],
      [admin, '/roles', 'billing:invoices:read'],
    ] as const) {
      const answer = await as(who, 'POST', url, { name: nameOne(), title: 'X', permissions: [permission] });
      expect([answer.status, answer.body.code], permission).toEqual([400, 'roles.permission_unknown']);
    }
    const own = { name: nameOne(), title: 'X', permissions: ['tenants:create'] };
    expect((await as(platform, 'POST', '/roles', own)).status).toBe(201);
    const theirs = { name: nameOne(), title: 'X', permissions: ['users:read'] };
    expect((await as(platform, 'POST', at, theirs)).status).toBe(201);
  });

  it('needs the permission to, and changes no built-in role', async () => {
    const viewer = await addPerson(gatehouse, tenantId, ['admin_viewer']);
    const role = await make([]);
    expect(
      (await as(viewer, 'POST', '/roles', { name: nameOne(), title: 'X', permissions: [] })).status,
    ).toBe(403);
    expect((await as(viewer, 'PATCH', `/roles/${role.id}`, { title: 'X' })).status).toBe(403);
    expect((await as(viewer, 'DELETE', `/roles/${role.id}`)).status).toBe(403);
    const builtIn = '00000000-0000-7000-8000-000000000012';
    const changed = await as(admin, 'PATCH', `/roles/${builtIn}`, { permissions: ['users:delete'] });
    expect([changed.status, changed.body.code]).toEqual([409, 'roles.built_in']);
    expect((await as(admin, 'DELETE', `/roles/${builtIn}`)).body.code).toBe('roles.built_in');
  });
});

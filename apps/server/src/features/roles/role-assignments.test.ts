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

const PATH = '/role-assignments';
const as = (who: Person, method: string, url: string, body?: unknown) =>
  call(gatehouse, who.token, { method, url: `/api/v1${url}`, body });
const give = (who: Person, to: { principalId: string }, role: string, more: object = {}) =>
  as(who, 'POST', PATH, { principalId: to.principalId, role, ...more });
const permissionsOf = async (who: Person) => (await as(who, 'GET', '/auth/me')).body.permissions as string[];
const assignmentsOf = async (who: Person) =>
  (await as(admin, 'GET', `${PATH}?principalId=${who.principalId}`)).body.items as {
    id: string;
    role: string;
  }[];
const idOf = async (who: Person, role: string) =>
  (await assignmentsOf(who)).find((assignment) => assignment.role === role)?.id ?? 'none';
const epochOf = async (who: Person) => {
  const [row] = await gatehouse.sql<{ epoch: number }>(
    'select epoch from gatehouse.principals where tenant_id = $1 and id = $2',
    [who.tenantId, who.principalId],
  );
  return row?.epoch;
};
const records = (tenant: TenantId, action: string, resource: string) =>
  gatehouse.sql<{ before: unknown; after: unknown; actor_id: string }>(
    'select before, after, actor_id from gatehouse.audit_records where tenant_id = $1 and action = $2 and resource_id = $3 order by id',
    [tenant, action, resource],
  );

describe('POST /api/v1/role-assignments', () => {
  it('gives a role that counts at the next request, on record and told to the followers', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    expect(await permissionsOf(person)).toEqual([]);
    const answer = await give(admin, person, 'SUPPORT_AGENT');
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      tenantId,
      principalId: person.principalId,
      role: 'SUPPORT_AGENT',
      via: 'direct',
      grantedBy: admin.principalId,
      expiresAt: null,
    });
    expect(await permissionsOf(person)).toContain('tickets:read');
    expect(await epochOf(person)).toBe(1);
    expect(
      await gatehouse.sql('select epoch from gatehouse.revocations where kind = $1 and subject_id = $2', [
        'principal',
        person.principalId,
      ]),
    ).toEqual([{ epoch: 1 }]);
    expect(await records(tenantId, 'role_assigned', person.principalId)).toMatchObject([
      { actor_id: admin.userId, before: null, after: { role: 'SUPPORT_AGENT', expiresAt: null } },
    ]);
  });

  it('answers 200 for a role that is held already, and changes nothing', async () => {
    const person = await addPerson(gatehouse, tenantId, ['SUPPORT_AGENT']);
    const answer = await give(admin, person, 'SUPPORT_AGENT');
    expect(answer.status).toBe(200);
    expect(answer.body.via).toBe('bootstrap');
    expect(await epochOf(person)).toBe(0);
    expect(await records(tenantId, 'role_assigned', person.principalId)).toEqual([]);
  });

  it('ends an assignment at its expiry, and gives it anew afterwards', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const expiresAt = new Date(gatehouse.clock.now().getTime() + 60_000).toISOString();
    expect((await give(admin, person, 'SALES_REP', { expiresAt })).body.expiresAt).toBe(expiresAt);
    expect(await permissionsOf(person)).toContain('accounts:read');
    gatehouse.clock.advance({ seconds: 61 });
    expect(await permissionsOf(person)).toEqual([]);
    const again = await give(admin, person, 'SALES_REP');
    expect(again.status).toBe(200);
    expect(again.body.expiresAt).toBeNull();
    expect(await permissionsOf(person)).toContain('accounts:read');
    expect(await records(tenantId, 'role_assigned', person.principalId)).toMatchObject([
      { before: null, after: { expiresAt } },
      { before: { expiresAt }, after: { expiresAt: null } },
    ]);
  });

  it('takes the last moment that can be written', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const answer = await give(admin, person, 'SALES_REP', { expiresAt: '9999-12-31T23:59:59Z' });
    expect([answer.status, answer.body.expiresAt]).toEqual([201, '9999-12-31T23:59:59.000Z']);
  });

  it('refuses an end that is no time in the future', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const now = gatehouse.clock.now().getTime();
    for (const expiresAt of [
      new Date(now).toISOString(),
      new Date(now - 1).toISOString(),
      '2099-12-31T23:59:60Z',
      '2099-02-30T00:00:00Z',
      '9999-12-31T23:59:59-23:59',
      'tomorrow',
      7,
    ]) {
      const answer = await give(admin, person, 'SALES_REP', { expiresAt });
      expect(answer.status, String(expiresAt)).toBe(400);
      expect(answer.body.code).toBe('request.invalid');
      expect(answer.text).toContain('expiresAt');
    }
    expect(await assignmentsOf(person)).toEqual([]);
  });

  it('refuses a role that holds what the granter lacks, leaves no trace of it, and puts the refusal on record', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const granter = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    await customRole(granter, ['roles:assign']);
    const answer = await give(granter, person, 'SALES_MANAGER');
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({
      code: 'access.grant_exceeds_own',
      missingPermission: 'accounts:delete',
    });
    expect(await assignmentsOf(person)).toEqual([]);
    expect(await epochOf(person)).toBe(0);
    expect(await records(tenantId, 'authorization_denied', 'POST /api/v1/role-assignments')).toContainEqual(
      expect.objectContaining({
        actor_id: granter.userId,
        after: { code: 'access.grant_exceeds_own', permission: 'accounts:delete' },
      }),
    );
    expect((await give(granter, person, 'SALES_REP')).status).toBe(201);
    expect((await give(granter, granter, 'admin')).body.code).toBe('access.grant_exceeds_own');
  });

  it('gives nothing for longer than the giver holds it, to the giver neither', async () => {
    const at = (seconds: number) => new Date(gatehouse.clock.now().getTime() + seconds * 1000).toISOString();
    const [deputy, person] = [
      await addPerson(gatehouse, tenantId, []),
      await addPerson(gatehouse, tenantId, []),
    ];
    const end = at(60);
    expect((await give(admin, deputy, 'admin', { expiresAt: end })).status).toBe(201);
    for (const [to, more] of [
      [deputy, {}],
      [deputy, { expiresAt: at(61) }],
      [person, {}],
      [person, { expiresAt: at(61) }],
    ] as const) {
      const answer = await give(deputy, to, 'admin', more);
      expect([answer.status, answer.body.code]).toEqual([403, 'access.grant_exceeds_own']);
    }
    const added = await as(deputy, 'POST', '/users', {
      email: `${newId()}@acme.example`,
      name: 'Ada',
      roles: ['admin'],
    });
    expect(added.body.code).toBe('access.grant_exceeds_own');
    expect((await give(deputy, person, 'admin', { expiresAt: end })).status).toBe(201);
    expect((await give(deputy, person, 'SUPPORT_AGENT', { expiresAt: at(30) })).status).toBe(201);
    gatehouse.clock.advance({ seconds: 61 });
    expect(await permissionsOf(deputy)).toEqual([]);
    expect(await permissionsOf(person)).toEqual([]);
  });

  it('gives nothing on the ground of a role that has expired', async () => {
    const granter = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    await customRole(granter, ['roles:assign']);
    await gatehouse.sql(
      `update gatehouse.role_assignments set expires_at = $1 where principal_id = $2 and role_id = (select id from gatehouse.roles where name = 'SALES_REP')`,
      [gatehouse.clock.now(), granter.principalId],
    );
    const person = await addPerson(gatehouse, tenantId, []);
    expect((await give(granter, person, 'SALES_REP')).body.code).toBe('access.grant_exceeds_own');
  });

  it('keeps the platform role in the root tenant, whoever asks', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    expect((await give(admin, person, 'PLATFORM_ADMIN')).body.code).toBe('roles.root_only');
    const fromAbove = await as(platform, 'POST', `/tenants/${tenantId}${PATH}`, {
      principalId: person.principalId,
      role: 'PLATFORM_ADMIN',
    });
    expect(fromAbove.body.code).toBe('roles.root_only');
  });

  it('takes the built-in role where a tenant has one of the same name', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    await customRole(undefined, ['users:read'], 'product_manager');
    expect((await give(admin, person, 'product_manager')).status).toBe(201);
    expect(await permissionsOf(person)).toContain('products:retire');
    expect(await permissionsOf(person)).not.toContain('users:read');
  });

  it('refuses unknown roles and principals, fields it does not know, and callers who may not', async () => {
    const person = await addPerson(gatehouse, tenantId, ['admin_viewer']);
    expect((await give(admin, person, 'NOBODY')).body.code).toBe('roles.unknown');
    expect((await give(admin, person, 'Admin')).body.code).toBe('roles.unknown');
    expect((await give(admin, { principalId: newId() }, 'SALES_REP')).body.code).toBe('resource.not_found');
    for (const more of [{ via: 'bootstrap' }, { tenantId: ROOT_TENANT }, { grantedBy: newId() }])
      expect((await give(admin, person, 'SALES_REP', more)).body.code).toBe('request.invalid');
    expect((await give(person, person, 'SALES_REP')).body).toMatchObject({
      code: 'access.denied',
      missingPermission: 'roles:assign',
    });
  });

  it('lets the platform give roles in a tenant, on record in both', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const answer = await as(platform, 'POST', `/tenants/${tenantId}${PATH}`, {
      principalId: person.principalId,
      role: 'admin',
    });
    expect(answer.status).toBe(201);
    expect(await records(tenantId, 'role_assigned', person.principalId)).toMatchObject([
      { actor_id: platform.userId, after: { role: 'admin' } },
    ]);
    expect(await records(ROOT_TENANT, 'role_assigned', person.principalId)).toMatchObject([
      { actor_id: platform.userId, after: { of: tenantId, state: { role: 'admin' } } },
    ]);
  });
});

describe('DELETE /api/v1/role-assignments/{id}', () => {
  it('takes a role away at the next request, on record and told to the followers', async () => {
    const person = await addPerson(gatehouse, tenantId, ['SUPPORT_AGENT']);
    expect(await permissionsOf(person)).toContain('tickets:read');
    const id = await idOf(person, 'SUPPORT_AGENT');
    expect((await as(admin, 'DELETE', `${PATH}/${id}`)).status).toBe(204);
    expect(await permissionsOf(person)).toEqual([]);
    expect(await epochOf(person)).toBe(1);
    expect(await records(tenantId, 'role_removed', person.principalId)).toMatchObject([
      { actor_id: admin.userId, before: { role: 'SUPPORT_AGENT', assignment: id }, after: null },
    ]);
    expect((await as(admin, 'DELETE', `${PATH}/${id}`)).body.code).toBe('resource.not_found');
  });

  it('refuses to take away a role that holds what the caller lacks', async () => {
    const boss = await addPerson(gatehouse, tenantId, ['admin']);
    const granter = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    await customRole(granter, ['roles:assign']);
    const answer = await as(granter, 'DELETE', `${PATH}/${await idOf(boss, 'admin')}`);
    expect(answer.body.code).toBe('access.grant_exceeds_own');
    expect(await assignmentsOf(boss)).toHaveLength(1);
  });

  it('does not find an assignment of another tenant, and changes no row of it', async () => {
    const { tenantId: other } = await registerTenant(gatehouse, 'Other', 'first@other.example');
    const stranger = await addPerson(gatehouse, other, ['admin']);
    const person = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    const id = await idOf(person, 'SALES_REP');
    expect((await as(stranger, 'DELETE', `${PATH}/${id}`)).status).toBe(404);
    expect((await as(stranger, 'DELETE', `/tenants/${tenantId}${PATH}/${id}`)).status).toBe(404);
    expect((await give(stranger, person, 'SALES_REP')).status).toBe(404);
    expect((await as(stranger, 'GET', `${PATH}?principalId=${person.principalId}`)).body.items).toEqual([]);
    expect(await assignmentsOf(person)).toHaveLength(1);
  });

  it('keeps the last active administrator, whoever asks and however it is put', async () => {
    const { tenantId: small, userId } = await registerTenant(gatehouse, 'Small', 'first@small.example');
    const url = `/tenants/${small}${PATH}`;
    const [first] = (await as(platform, 'GET', url)).body.items as {
      id: string;
      principalId: string;
    }[];
    const remove = (id = first?.id) => as(platform, 'DELETE', `${url}/${id}`);
    expect((await remove()).body.code).toBe('users.last_administrator');
    const second = await addPerson(gatehouse, small, ['admin']);

    // Suspended or about to expire, the second is none to rely on.
    await gatehouse.sql(`update gatehouse.users set status = 'suspended' where id = $1`, [second.userId]);
    expect((await remove()).body.code).toBe('users.last_administrator');
    await gatehouse.sql(`update gatehouse.users set status = 'active' where id = $1`, [second.userId]);
    const expiresAt = new Date(gatehouse.clock.now().getTime() + 60_000).toISOString();
    const shorten = (principalId: string | undefined) =>
      as(platform, 'POST', url, { principalId, role: 'admin', expiresAt });
    expect((await shorten(second.principalId)).status).toBe(200);
    expect((await remove()).body.code).toBe('users.last_administrator');
    expect((await shorten(first?.principalId)).body.code).toBe('users.last_administrator');

    await as(platform, 'POST', url, { principalId: second.principalId, role: 'admin' });
    expect((await remove()).status).toBe(204);
    expect(
      await gatehouse.sql('select id from gatehouse.users where id = $1 and status = $2', [userId, 'active']),
    ).toHaveLength(1);
  });

  it('keeps the last platform administrator of the root tenant', async () => {
    const list = (await as(platform, 'GET', `${PATH}?limit=200`)).body.items as {
      id: string;
      role: string;
      principalId: string;
    }[];
    const held = list.filter(({ role }) => role === 'PLATFORM_ADMIN');
    expect(held).toHaveLength(2);
    const other = held.find(({ principalId }) => principalId !== platform.principalId);
    const own = held.find(({ principalId }) => principalId === platform.principalId);
    expect((await as(platform, 'DELETE', `${PATH}/${other?.id}`)).status).toBe(204);
    expect((await as(platform, 'DELETE', `${PATH}/${own?.id}`)).body.code).toBe('users.last_administrator');
  });
});

describe('GET /api/v1/role-assignments', () => {
  it('is complete in pages, and opens with roles:read only', async () => {
    const person = await addPerson(gatehouse, tenantId, ['SALES_REP', 'SUPPORT_AGENT', 'NOC_OPERATOR']);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`;
      const answer = await as(admin, 'GET', `${PATH}?principalId=${person.principalId}&limit=2${more}`);
      seen.push(...(answer.body.items as { role: string }[]).map(({ role }) => role));
      cursor = answer.body.nextCursor as string | null;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(['NOC_OPERATOR', 'SALES_REP', 'SUPPORT_AGENT']);
    expect((await as(person, 'GET', PATH)).body.code).toBe('access.denied');
    expect((await as(admin, 'GET', `${PATH}?principalId=x`)).status).toBe(400);
    expect((await as(admin, 'GET', `${PATH}?role=admin`)).status).toBe(400);
  });
});

/** A role of the tenant's own, held by somebody at once. */
async function customRole(holder: Person | undefined, permissions: string[], name?: string): Promise<void> {
  const id = newId();
  await gatehouse.sql(
    `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) values ($1, $2, $3, $3, '', 'own')`,
    [id, tenantId, name ?? `own-${id}`],
  );
  await gatehouse.sql(
    'insert into gatehouse.role_permissions (role_id, tenant_id, permission) select $1, $2, unnest($3::text[])',
    [id, tenantId, permissions],
  );
  if (holder)
    await gatehouse.sql(
      `insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at) values ($1, $2, $3, $4, 'direct', now())`,
      [tenantId, holder.principalId, id, newId()],
    );
}

import { SYSTEM_ROLES, TENANT_PERMISSIONS } from '@gatehouse/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
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

const get = (who: Person, url: string) => call(gatehouse, who.token, { method: 'GET', url: `/api/v1${url}` });

interface RoleItem {
  id: string;
  name: string;
  system: boolean;
  permissions: string[];
}
const items = (answer: { body: unknown }) => (answer.body as { items: RoleItem[] }).items;

/** A role of a tenant's own, past every rule. */
async function customRole(of: TenantId, name: string, permissions: string[]): Promise<string> {
  const id = newId();
  await gatehouse.sql(
    `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) values ($1, $2, $3, $3, '', 'own')`,
    [id, of, name],
  );
  await gatehouse.sql(
    'insert into gatehouse.role_permissions (role_id, tenant_id, permission) select $1, $2, unnest($3::text[])',
    [id, of, permissions],
  );
  return id;
}

describe('GET /api/v1/roles', () => {
  it('lists every built-in role with all that it holds, and no platform role outside the root tenant', async () => {
    const answer = await get(admin, '/roles');
    expect(answer.status).toBe(200);
    const expected = SYSTEM_ROLES.filter((role) => !role.rootOnly);
    expect(items(answer).map((role) => role.name)).toEqual(
      expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((role) => role.name),
    );
    for (const role of items(answer)) {
      const declared = expected.find(({ name }) => name === role.name);
      expect(role).toMatchObject({ id: declared?.id, system: true, title: declared?.title });
      expect(role.permissions.toSorted()).toEqual(declared?.permissions.toSorted());
    }
    expect(
      items(answer)
        .find(({ name }) => name === 'admin')
        ?.permissions.toSorted(),
    ).toEqual(TENANT_PERMISSIONS.toSorted());
  });

  it('lists PLATFORM_ADMIN in the root tenant, and in no tenant that is entered from there', async () => {
    const names = async (url: string) => items(await get(platform, url)).map((role) => role.name);
    expect(await names('/roles')).toContain('PLATFORM_ADMIN');
    expect(await names(`/tenants/${tenantId}/roles`)).not.toContain('PLATFORM_ADMIN');
  });

  it("lists a tenant's own roles beside the built-in ones, to that tenant alone", async () => {
    const { tenantId: other } = await registerTenant(gatehouse, 'Other', 'first@other.example');
    const stranger = await addPerson(gatehouse, other, ['admin']);
    const id = await customRole(tenantId, 'help-desk', ['users:unlock', 'users:read']);
    expect(items(await get(admin, '/roles')).at(-1)).toMatchObject({
      id,
      name: 'help-desk',
      system: false,
      permissions: ['users:read', 'users:unlock'],
    });
    expect(items(await get(stranger, '/roles')).map((role) => role.id)).not.toContain(id);
    expect((await get(admin, `/roles/${id}`)).body).toMatchObject({ name: 'help-desk' });
    expect((await get(stranger, `/roles/${id}`)).status).toBe(404);
  });

  it('is complete in pages of any size, and keeps a cursor to its own list', async () => {
    const all = items(await get(admin, '/roles')).map((role) => role.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const answer = await get(admin, `/roles?limit=4${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(items(answer).length).toBeLessThanOrEqual(4);
      seen.push(...items(answer).map((role) => role.id));
      cursor = answer.body.nextCursor as string | null;
    } while (cursor !== null);
    expect(seen).toEqual(all);
    const foreign = (await get(platform, '/roles?limit=4')).body.nextCursor as string;
    expect((await get(admin, `/roles?limit=4&cursor=${foreign}`)).body.code).toBe('request.cursor_invalid');
  });

  it('needs roles:read, and refuses what it does not know', async () => {
    const agent = await addPerson(gatehouse, tenantId, ['SUPPORT_AGENT']);
    expect((await get(agent, '/roles')).body).toMatchObject({
      code: 'access.denied',
      missingPermission: 'roles:read',
    });
    expect((await get(admin, '/roles?tenantId=1')).status).toBe(400);
    expect((await get(admin, '/roles/not-an-id')).status).toBe(400);
    expect((await get(admin, `/roles/${newId()}`)).body.code).toBe('resource.not_found');
    const hidden = SYSTEM_ROLES.find((role) => role.rootOnly);
    expect((await get(admin, `/roles/${hidden?.id}`)).status).toBe(404);
    expect((await call(gatehouse, undefined, { method: 'GET', url: '/api/v1/roles' })).status).toBe(401);
  });
});

describe('built-in roles', () => {
  /** Runs a statement as the server's own database role, in a tenant. */
  const asApp = (statement: string, values: unknown[]) =>
    withClient(gatehouse.databaseUrl, async (client) => {
      await client.query(
        `begin; set local role gatehouse_app; set local gatehouse.tenant_id = '${tenantId}'; set local gatehouse.actor_tenant_id = '${tenantId}'`,
      );
      const { rowCount } = await client.query(statement, values);
      await client.query('commit');
      return rowCount;
    });
  const [role] = SYSTEM_ROLES;
  const stateOfBuiltIn = () =>
    gatehouse.sql(
      `select r.*, (select array_agg(g.permission order by g.permission) from gatehouse.role_permissions g where g.role_id = r.id) as held
       from gatehouse.roles r where r.tenant_id is null order by r.id`,
    );

  it('and own ones cannot be made, changed or removed by the database role of the server', async () => {
    for (const [statement, values] of [
      [
        `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) values ($1, $2, 'own', '', '', '')`,
        [newId(), tenantId],
      ],
      ['update gatehouse.roles set root_only = false where id = $1', [role?.id]],
      ['delete from gatehouse.roles where tenant_id is null', []],
      [
        `insert into gatehouse.role_permissions (role_id, tenant_id, permission) values ($1, null, 'tenants:read')`,
        [role?.id],
      ],
      [
        `insert into gatehouse.role_permissions (role_id, tenant_id, permission) values ($1, $2, 'tenants:read')`,
        [role?.id, tenantId],
      ],
      [`update gatehouse.role_permissions set permission = 'tenants:read'`, []],
      ['delete from gatehouse.role_permissions', []],
    ] as [string, unknown[]][])
      await expect(asApp(statement, values), statement).rejects.toThrow(/permission denied/);
  });

  it('do not change through the functions that change own roles, whoever asks, nor by their owner’s hand [threat 72]', async () => {
    const before = await stateOfBuiltIn();
    const by = [platform.tenantId, platform.principalId];
    for (const { id } of SYSTEM_ROLES) {
      const outcomes = await withClient(gatehouse.databaseUrl, async (client) => {
        await client.query(
          `begin; set local role gatehouse_app; set local gatehouse.tenant_id = '${ROOT_TENANT}'; set local gatehouse.actor_tenant_id = '${ROOT_TENANT}'`,
        );
        const { rows } = await client.query<{ updated: string; deleted: string }>(
          `select gatehouse.update_role($1, 'Mine', '', '{users:read}', $2, $3, now()) as updated, gatehouse.delete_role($1, $2, $3, now()) as deleted`,
          [id, ...by],
        );
        await client.query('commit');
        return rows[0];
      });
      expect(outcomes).toEqual({ updated: 'built_in', deleted: 'built_in' });
    }
    await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query(
        `begin; set local role gatehouse_granter; set local gatehouse.tenant_id = '${ROOT_TENANT}'`,
      );
      const touched = [];
      for (const statement of [
        `update gatehouse.roles set title = 'Mine' where tenant_id is null`,
        'delete from gatehouse.roles where tenant_id is null',
        'delete from gatehouse.role_permissions where tenant_id is null',
      ])
        touched.push((await client.query(statement)).rowCount);
      expect(touched).toEqual([0, 0, 0]);
      await expect(
        client.query(
          `insert into gatehouse.role_permissions (role_id, tenant_id, permission) values ($1, $2, 'tenants:read')`,
          [role?.id, ROOT_TENANT],
        ),
      ).rejects.toThrow(/row-level security/);
      await client.query('rollback');
    });
    expect(await stateOfBuiltIn()).toEqual(before);
  });

  it('can be assigned through no statement but the functions that hold the grant rule', async () => {
    await expect(
      asApp(
        `insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at) values ($1, $2, $3, $4, 'direct', now())`,
        [tenantId, admin.principalId, role?.id, newId()],
      ),
    ).rejects.toThrow(/permission denied/);
    await expect(asApp('delete from gatehouse.role_assignments', [])).rejects.toThrow(/permission denied/);
    await expect(asApp('update gatehouse.role_assignments set expires_at = null', [])).rejects.toThrow(
      /permission denied/,
    );
  });
});

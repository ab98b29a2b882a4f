import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTenant } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { readCatalogFile, registerForOperator } from './index.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Person;
let viewer: Person;
let platform: Person;
let stranger: Person;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  const { tenantId: other } = await registerTenant(gatehouse, 'Other', 'first@other.example');
  admin = await addPerson(gatehouse, tenantId, ['admin']);
  viewer = await addPerson(gatehouse, tenantId, ['admin_viewer']);
  platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
  stranger = await addPerson(gatehouse, other, ['admin']);
});
afterAll(() => gatehouse.close());

const as = (who: Person, method: string, url: string, body?: unknown) =>
  call(gatehouse, who.token, { method, url: `/api/v1${url}`, body });
const documentOf = (service: string, actions: string[], more: object = {}) => ({
  permissions: actions.map((action) => ({
    name: `${service}:invoices:${action}`,
    description: `To ${action}`,
  })),
  resources: { [`${service}:invoices`]: { attributes: { owner_id: 'string', lines: 'list<string>' } } },
  ...more,
});
const register = (who: Person, service: string, actions: string[], more: object = {}) =>
  as(who, 'PUT', `/catalog/services/${service}`, documentOf(service, actions, more));
const mayDo = async (who: Person) =>
  ((await as(who, 'GET', '/auth/me')).body.permissions as string[]).filter(
    (name) => name.split(':').length === 3,
  );
const catalogOf = async (who: Person) =>
  (await as(who, 'GET', '/catalog')).body as {
    groups: { name: string; permissions: { name: string }[] }[];
    services: { service: string; everywhere: boolean; version: number; permissions: { name: string }[] }[];
  };

describe('a service that registers', () => {
  it('in a tenant, is known there alone, and held by its administrators from the next request on', async () => {
    const made = await register(admin, 'billing', ['read', 'void']);
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        service: 'billing',
        everywhere: false,
        version: 1,
        resources: { 'billing:invoices': { attributes: { owner_id: 'string' } } },
      },
    ]);
    expect(await mayDo(admin)).toEqual(['billing:invoices:read', 'billing:invoices:void']);
    expect(await mayDo(viewer)).toEqual(['billing:invoices:read']);
    for (const who of [stranger, platform]) {
      expect(await mayDo(who)).toEqual([]);
      expect((await as(who, 'GET', '/catalog')).text).not.toContain('billing:invoices');
      expect((await as(who, 'GET', '/roles')).text).not.toContain('billing:invoices');
    }
    const listed = (await as(viewer, 'GET', '/roles')).body.items as {
      name: string;
      permissions: string[];
    }[];
    expect(listed.find(({ name }) => name === 'admin')?.permissions).toContain('billing:invoices:void');
    expect((await catalogOf(viewer)).services).toMatchObject([{ service: 'billing', version: 1 }]);
  });

  it('again with the same document, changes nothing; with another, all of it, on record and told', async () => {
    await register(admin, 'stock', ['read']);
    const [{ seq } = { seq: '0' }] = await gatehouse.sql<{ seq: string }>(
      'select max(seq) as seq from gatehouse.revocations',
    );
    const tell = () =>
      gatehouse.sql(
        `select kind from gatehouse.revocations where tenant_id = $1 and kind = 'access' and seq > $2`,
        [tenantId, seq],
      );
    const again = await register(admin, 'stock', ['read']);
    expect([again.status, again.body.version, await tell()]).toEqual([200, 1, []]);
    const other = await register(admin, 'stock', ['count'], { resources: {} });
    expect(other.body).toMatchObject({
      version: 2,
      resources: {},
      permissions: [{ name: 'stock:invoices:count' }],
    });
    expect(await tell()).toHaveLength(1);
    const records = await gatehouse.sql(
      `select after from gatehouse.audit_records where tenant_id = $1 and action = 'catalog_registered' and resource_id = 'stock'`,
      [tenantId],
    );
    expect(records).toHaveLength(2);
    expect((await as(admin, 'DELETE', '/catalog/services/stock')).status).toBe(204);
    expect(await mayDo(admin)).not.toContain('stock:invoices:count');
    expect((await as(admin, 'DELETE', '/catalog/services/stock')).status).toBe(404);
  });

  it('in the root tenant, counts everywhere, and nobody else takes its name', async () => {
    expect((await register(platform, 'ledger', ['read'])).body).toMatchObject({ everywhere: true });
    for (const who of [admin, stranger, viewer, platform])
      expect(await mayDo(who)).toContain('ledger:invoices:read');
    const taken = await register(stranger, 'ledger', ['read', 'more']);
    expect([taken.status, taken.body.code]).toEqual([409, 'catalog.service_taken']);
    expect((await as(stranger, 'DELETE', '/catalog/services/ledger')).body.code).toBe(
      'catalog.service_taken',
    );
    expect((await catalogOf(stranger)).services.map(({ service }) => service)).toEqual(['ledger']);
  });

  it('lets roles hold what it knows, and cannot take away what they hold', async () => {
    await register(admin, 'desk', ['read', 'close']);
    const role = await as(admin, 'POST', '/roles', {
      name: 'closer',
      title: 'Closer',
      permissions: ['desk:invoices:close'],
    });
    expect(role.status, role.text).toBe(201);
    const person = await addPerson(gatehouse, tenantId, []);
    await as(admin, 'POST', '/role-assignments', { principalId: person.principalId, role: 'closer' });
    expect(await mayDo(person)).toEqual(['desk:invoices:close']);
    for (const answer of [
      await register(admin, 'desk', ['read']),
      await as(admin, 'DELETE', '/catalog/services/desk'),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'catalog.permission_held']);
      expect(answer.body.detail).toContain('desk:invoices:close');
    }
    await as(admin, 'PATCH', `/roles/${String(role.body.id)}`, { permissions: [] });
    expect((await register(admin, 'desk', ['read'])).status).toBe(200);
    const again = { permissions: ['desk:invoices:close'] };
    expect((await as(admin, 'PATCH', `/roles/${String(role.body.id)}`, again)).body.code).toBe(
      'roles.permission_unknown',
    );
    const theirs = { name: 'thief', title: 'T', permissions: ['desk:invoices:read'] };
    expect((await as(stranger, 'POST', '/roles', theirs)).body.code).toBe('roles.permission_unknown');
  });

  it('gives nothing to who registers it, and its permissions come under the grant rule [threat 72]', async () => {
    await as(admin, 'POST', '/roles', {
      name: 'registrar',
      title: 'Registrar',
      permissions: ['catalog:update', 'catalog:read', 'roles:create', 'roles:assign', 'roles:read'],
    });
    const registrar = await addPerson(gatehouse, tenantId, []);
    await as(admin, 'POST', '/role-assignments', { principalId: registrar.principalId, role: 'registrar' });
    expect((await register(registrar, 'vault', ['open'])).status).toBe(201);
    expect(await mayDo(registrar)).toEqual([]);
    const mine = { name: 'opener', title: 'Opener', permissions: ['vault:invoices:open'] };
    expect((await as(registrar, 'POST', '/roles', mine)).body).toMatchObject({
      code: 'access.grant_exceeds_own',
      missingPermission: 'vault:invoices:open',
    });
    for (const role of ['admin', 'admin_viewer'])
      expect(
        (await as(registrar, 'POST', '/role-assignments', { principalId: registrar.principalId, role })).body
          .code,
      ).toBe('access.grant_exceeds_own');
    // From above, as whoever administers the tenant: by what the platform holds, and what counts here.
    const fromAbove = await as(platform, 'POST', `/tenants/${tenantId}/role-assignments`, {
      principalId: registrar.principalId,
      role: 'admin',
    });
    expect(fromAbove.status, fromAbove.text).toBe(201);
  });

  it('is another one in another tenant: what a partner holds of its own service counts for none of a customer’s [threat 72]', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner });
    const above = await addPerson(gatehouse, partner, ['admin']);
    const clerk = await addPerson(gatehouse, partner, []);
    const inside = await addPerson(gatehouse, customer, ['admin']);
    expect((await register(above, 'payroll', ['pay'])).status).toBe(201);
    expect((await register(inside, 'payroll', ['pay'])).status).toBe(201);
    const permissions = [
      'customers:read',
      'customers:operate',
      'roles:read',
      'roles:create',
      'roles:assign',
      'users:read',
    ];
    const role = { name: 'clerk', title: 'Clerk', permissions: [...permissions, 'payroll:invoices:pay'] };
    expect((await as(above, 'POST', '/roles', role)).status).toBe(201);
    await as(above, 'POST', '/role-assignments', { principalId: clerk.principalId, role: 'clerk' });
    const at = `/tenants/${customer}/roles`;
    const payer = { name: 'payer', title: 'Payer', permissions: ['payroll:invoices:pay'] };
    expect((await as(clerk, 'POST', at, payer)).body.code).toBe('access.grant_exceeds_own');
    expect((await as(clerk, 'POST', at, { ...payer, permissions: ['users:read'] })).status).toBe(201);
    // Who administers it from above holds all that counts there.
    expect((await as(above, 'POST', at, { ...payer, name: 'payer_too' })).status).toBe(201);
    expect((await as(above, 'GET', '/catalog')).body.services).toHaveLength(2);
  });

  it('takes nothing that is not its own, and no document that is not one', async () => {
    const good = documentOf('mail', ['read']);
    const bad: [unknown, number][] = [
      [documentOf('other', ['read']), 400],
      [{ ...good, permissions: [{ name: 'mail:read', description: 'x' }] }, 400],
      [{ ...good, permissions: [{ name: 'users:delete', description: 'x' }] }, 400],
      [{ ...good, permissions: [{ name: 'mail:invoices:*', description: 'x' }] }, 400],
      [{ ...good, permissions: [...good.permissions, ...good.permissions] }, 400],
      [{ ...good, permissions: [{ name: 'mail:a:b' }] }, 400],
      [{ ...good, resources: { 'other:invoices': { attributes: {} } } }, 400],
      [{ ...good, resources: { 'mail:invoices': { attributes: { owner: 'uuid' } } } }, 400],
      [{ ...good, resources: { 'mail:invoices': { attributes: { 'a b': 'string' } } } }, 400],
      [{ ...good, resources: { 'mail:invoices': { attributes: {}, owner: 'x' } } }, 400],
      [{ ...good, version: 3 }, 400],
      [{ ...good, everywhere: true }, 400],
      [[], 400],
    ];
    for (const [body, status] of bad)
      expect((await as(admin, 'PUT', '/catalog/services/mail', body)).status, JSON.stringify(body)).toBe(
        status,
      );
    expect((await as(admin, 'PUT', '/catalog/services/Not%20One', good)).status).toBe(400);
    expect((await register(viewer, 'mail', ['read'])).body.code).toBe('access.denied');
    expect((await catalogOf(admin)).services.map(({ service }) => service)).not.toContain('mail');
    const agent = await addPerson(gatehouse, tenantId, ['SUPPORT_AGENT']);
    expect((await as(agent, 'GET', '/catalog')).status).toBe(403);
  });

  it('shows platform permissions as grantable in the root tenant alone', async () => {
    const names = async (who: Person) => (await catalogOf(who)).groups.map(({ name }) => name);
    expect(await names(platform)).toContain('platform');
    expect(await names(admin)).not.toContain('platform');
    expect(await names(admin)).toContain('people');
  });
});

describe('the file of the command line', () => {
  it('registers for every tenant or for one, on record as done by the system', async () => {
    const file = readCatalogFile(JSON.stringify({ service: 'cron', ...documentOf('cron', ['run']) }));
    if (typeof file === 'string') throw new Error(file);
    const { deps } = gatehouse.server;
    expect(await registerForOperator(deps, ROOT_TENANT, file)).toEqual({
      version: 1,
      permissions: 1,
      isSame: false,
    });
    expect(await registerForOperator(deps, ROOT_TENANT, file)).toMatchObject({ version: 1, isSame: true });
    expect(await mayDo(stranger)).toContain('cron:invoices:run');
    const [record] = await gatehouse.sql<{ actor_kind: string }>(
      `select actor_kind from gatehouse.audit_records where tenant_id = $1 and resource_id = 'cron'`,
      [ROOT_TENANT],
    );
    expect(record).toEqual({ actor_kind: 'system' });
    await expect(
      registerForOperator(deps, '00000000-0000-7000-8000-00000000dead' as TenantId, file),
    ).rejects.toMatchObject({
      code: 'resource.not_found',
    });
  });

  it('is refused in one sentence where it is none', () => {
    expect(readCatalogFile('{')).toBe('it is not JSON.');
    for (const text of [
      '[]',
      '{}',
      '{"service":"X","permissions":[]}',
      '{"service":"a","permissions":[{}]}',
      '{"service":"a","permissions":[],"more":1}',
    ])
      expect(readCatalogFile(text), text).toBeTypeOf('string');
  });
});

describe('what somebody may do', () => {
  it('is listed with each role that brings it, through which group and until when', async () => {
    const person = await addPerson(gatehouse, tenantId, ['FINANCE_MANAGER']);
    const group = String((await as(admin, 'POST', '/groups', { name: 'Accounting' })).body.id);
    const expiresAt = new Date(gatehouse.clock.now().getTime() + 300_000).toISOString();
    await as(admin, 'POST', '/role-assignments', { principalId: group, role: 'FINANCE_ANALYST', expiresAt });
    await as(admin, 'POST', `/groups/${group}/members`, { principalId: person.principalId });
    const seen = await as(viewer, 'GET', `/principals/${person.principalId}/permissions`);
    const own = await as(person, 'GET', '/auth/me/permissions');
    expect(own.body).toEqual(seen.body);
    const permissions = seen.body.permissions as { permission: string; reasons: unknown[] }[];
    expect(permissions.map(({ permission }) => permission)).toEqual(
      ((await as(person, 'GET', '/auth/me')).body.permissions as string[]).toSorted(),
    );
    expect(permissions.find(({ permission }) => permission === 'invoices:read')?.reasons).toEqual([
      { role: 'FINANCE_ANALYST', group: { id: group, name: 'Accounting' }, expiresAt },
      { role: 'FINANCE_MANAGER', group: null, expiresAt: null },
    ]);
    expect(permissions.find(({ permission }) => permission === 'payments:refund')?.reasons).toEqual([
      { role: 'FINANCE_MANAGER', group: null, expiresAt: null },
    ]);
    gatehouse.clock.advance({ minutes: 6 });
    await as(admin, 'DELETE', `/role-assignments/${await directOf(person)}`);
    expect((await as(person, 'GET', '/auth/me/permissions')).body).toEqual({ permissions: [] });
  });

  it('is all that is registered for administrators, and nobody else’s business', async () => {
    const names = async (who: Person, of: Person) =>
      (
        (await as(who, 'GET', `/principals/${of.principalId}/permissions`)).body.permissions as {
          permission: string;
        }[]
      )?.map(({ permission }) => permission);
    const all = (await as(admin, 'GET', '/auth/me')).body.permissions as string[];
    expect(await names(viewer, admin)).toEqual(all.toSorted());
    const agent = await addPerson(gatehouse, tenantId, ['SUPPORT_AGENT']);
    expect((await as(agent, 'GET', `/principals/${admin.principalId}/permissions`)).status).toBe(403);
    expect((await as(stranger, 'GET', `/principals/${admin.principalId}/permissions`)).status).toBe(404);
  });

  const directOf = async (who: Person) =>
    (
      (await as(admin, 'GET', `/role-assignments?principalId=${who.principalId}`)).body.items as {
        id: string;
      }[]
    )[0]?.id ?? '';
});

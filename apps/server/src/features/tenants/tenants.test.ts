import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Person;
/** An administrator of the root tenant who is none of the platform. */
let rootAdmin: Person;
let partner: Person;
let customer: Person;
let stranger: Person;

const as = (who: Person | undefined, method: string, url: string, body?: unknown) =>
  call(gatehouse, who?.token, { method, url: `/api/v1${url}`, body });
const open = async (who: Person, body: object): Promise<TenantId> => {
  const answer = await as(who, 'POST', '/tenants', body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id as TenantId;
};
interface Item {
  id: string;
  name: string;
  createdAt: string;
}
const items = (answer: { body: unknown }) => (answer.body as { items: Item[] }).items;
const names = (answer: { body: unknown }) => items(answer).map(({ name }) => name);
const records = (tenantId: string, action: string, resource: string) =>
  gatehouse.sql<{ before: unknown; after: unknown; actor_id: string }>(
    'select before, after, actor_id from gatehouse.audit_records where tenant_id = $1 and action = $2 and resource_id = $3 order by id',
    [tenantId, action, resource],
  );
const rowOf = async (id: string) =>
  (
    await gatehouse.sql<{ status: string; name: string; slug: string | null; epoch: number }>(
      'select status, name, slug, epoch, updated_at from gatehouse.tenants where id = $1',
      [id],
    )
  )[0];

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
  rootAdmin = await addPerson(gatehouse, ROOT_TENANT, ['admin']);
  const partnerId = await open(platform, { name: 'Partner', type: 'partner' });
  partner = await addPerson(gatehouse, partnerId, ['admin']);
  const customerId = await open(partner, { name: 'Customer', type: 'customer' });
  customer = await addPerson(gatehouse, customerId, ['admin']);
  const other = await registerTenant(gatehouse, 'Stranger', 'first@stranger.example');
  stranger = await addPerson(gatehouse, other.tenantId, ['admin']);
});
afterAll(() => gatehouse.close());

describe('POST /api/v1/tenants', () => {
  it('lets the platform open customers and partners, on record in both tenants', async () => {
    for (const type of ['customer', 'partner']) {
      const answer = await as(platform, 'POST', '/tenants', {
        name: `New ${type}`,
        type,
        slug: `new-${type}`,
      });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        name: `New ${type}`,
        type,
        slug: `new-${type}`,
        status: 'active',
        parentId: ROOT_TENANT,
      });
      const id = answer.body.id as string;
      const opened = { name: `New ${type}`, type, slug: `new-${type}`, parent: ROOT_TENANT };
      expect(await records(id, 'tenant_created', id)).toMatchObject([
        { actor_id: platform.userId, after: opened },
      ]);
      expect(await records(ROOT_TENANT, 'tenant_created', id)).toMatchObject([
        { actor_id: platform.userId, after: opened },
      ]);
    }
  });

  it('lets a partner open customers below itself, and no partners', async () => {
    const answer = await as(partner, 'POST', '/tenants', { name: 'Of the partner', type: 'customer' });
    expect(answer.body).toMatchObject({ parentId: partner.tenantId, type: 'customer', slug: null });
    const id = answer.body.id as string;
    expect(await records(partner.tenantId, 'tenant_created', id)).toHaveLength(1);
    expect(await records(id, 'tenant_created', id)).toHaveLength(1);
    expect(await records(ROOT_TENANT, 'tenant_created', id)).toEqual([]);

    const refused = await as(partner, 'POST', '/tenants', { name: 'A partner', type: 'partner' });
    expect(refused.body).toMatchObject({ code: 'access.denied', missingPermission: 'tenants:create' });
    expect(await records(partner.tenantId, 'authorization_denied', partner.tenantId)).toMatchObject([
      { actor_id: partner.userId, after: { permission: 'tenants:create' } },
    ]);
  });

  it('lets an administrator of the root tenant open customers, and no partners', async () => {
    expect((await as(rootAdmin, 'POST', '/tenants', { name: 'Direct', type: 'customer' })).status).toBe(201);
    expect((await as(rootAdmin, 'POST', '/tenants', { name: 'P', type: 'partner' })).body.code).toBe(
      'access.denied',
    );
  });

  it('lets a customer open none', async () => {
    for (const type of ['customer', 'partner']) {
      const answer = await as(customer, 'POST', '/tenants', { name: 'Below', type });
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe(type === 'customer' ? 'tenants.not_a_partner' : 'access.denied');
    }
    const below = await gatehouse.sql('select id from gatehouse.tenants where parent_id = $1', [
      customer.tenantId,
    ]);
    expect(below).toEqual([]);
  });

  it('keeps a slug to one tenant, seen or unseen', async () => {
    await open(platform, { name: 'Taken', type: 'customer', slug: 'taken' });
    const answer = await as(partner, 'POST', '/tenants', { name: 'Late', type: 'customer', slug: 'taken' });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('tenants.slug_in_use');
  });

  it('refuses internal tenants, parents of the caller’s choice, and names that deceive', async () => {
    for (const body of [
      { name: 'Internal', type: 'internal' },
      { name: 'Elsewhere', type: 'customer', parentId: customer.tenantId },
      { name: 'Elsewhere', type: 'customer', id: newId() },
      { name: 'Elsewhere', type: 'customer', status: 'suspended' },
      { name: '', type: 'customer' },
      { name: 'Ac\u202eme', type: 'customer' },
      { name: 'Acme', type: 'customer', slug: 'Not A Slug' },
      { name: 'Acme' },
    ]) {
      const answer = await as(platform, 'POST', '/tenants', body);
      expect(answer.body.code, JSON.stringify(body)).toBe('request.invalid');
    }
    const viewer = await addPerson(gatehouse, partner.tenantId, ['admin_viewer']);
    expect((await as(viewer, 'POST', '/tenants', { name: 'A', type: 'customer' })).body).toMatchObject({
      code: 'access.denied',
      missingPermission: 'customers:create',
    });
    const reader = await addPerson(gatehouse, ROOT_TENANT, ['admin_viewer']);
    expect((await as(reader, 'POST', '/tenants', { name: 'A', type: 'customer' })).body).toMatchObject({
      missingPermission: 'tenants:create',
    });
  });
});

describe('GET /api/v1/tenants', () => {
  it('shows everybody their own tenant and those below, and the platform all', async () => {
    expect(names(await as(customer, 'GET', '/tenants'))).toEqual(['Customer']);
    expect(names(await as(partner, 'GET', '/tenants'))).toEqual(['Customer', 'Of the partner', 'Partner']);
    const all = names(await as(platform, 'GET', '/tenants?limit=200'));
    for (const name of ['Customer', 'Partner', 'Platform', 'Stranger', 'Of the partner'])
      expect(all).toContain(name);
    // Whoever registered below the root tenant is no business of its ordinary administrators.
    expect(names(await as(rootAdmin, 'GET', '/tenants?limit=200'))).toEqual(['Platform']);
  });

  it('lists nothing to anybody that they may not open', async () => {
    for (const who of [platform, rootAdmin, partner, customer]) {
      for (const roles of [who.roles, ['admin_viewer'] as const]) {
        const reader = await addPerson(gatehouse, who.tenantId, [...roles]);
        const listed = items(await as(reader, 'GET', '/tenants?limit=200'));
        expect(listed.length).toBeGreaterThan(0);
        for (const item of listed) {
          const answer = await as(reader, 'GET', `/tenants/${item.id}`);
          expect([answer.status, answer.body], `${roles.join()}: ${item.name}`).toEqual([200, item]);
        }
      }
    }
  });

  it('filters by status, type and part of the name', async () => {
    expect(names(await as(partner, 'GET', '/tenants?type=partner'))).toEqual(['Partner']);
    expect(names(await as(partner, 'GET', '/tenants?search=THE%20part'))).toEqual(['Of the partner']);
    expect(names(await as(partner, 'GET', '/tenants?status=suspended'))).toEqual([]);
    expect(names(await as(partner, 'GET', '/tenants?search=%25'))).toEqual([]);
  });

  it('is complete in pages, in every order', async () => {
    for (const name of ['beta', 'Beta', 'alpha', 'Álpha', 'gamma', 'beta'])
      await open(platform, { name, type: 'customer' });
    const all = items(await as(platform, 'GET', '/tenants?limit=200'));
    for (const sort of ['name', '-name', 'createdAt', '-createdAt']) {
      const seen: Item[] = [];
      let cursor: string | null = null;
      do {
        const more: string = cursor === null ? '' : `&cursor=${cursor}`;
        const answer = await as(platform, 'GET', `/tenants?limit=3&sort=${sort}${more}`);
        expect(answer.status).toBe(200);
        seen.push(...items(answer));
        cursor = answer.body.nextCursor as string | null;
      } while (cursor !== null);
      expect(seen.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      const times = seen.map(({ createdAt }) => createdAt);
      const inOrder = sort.startsWith('-') ? times.toSorted().toReversed() : times.toSorted();
      expect(sort.endsWith('createdAt') ? times : inOrder).toEqual(inOrder);
    }
    const { nextCursor } = (await as(platform, 'GET', '/tenants?limit=3')).body;
    const moved = await as(platform, 'GET', `/tenants?limit=3&sort=createdAt&cursor=${String(nextCursor)}`);
    expect(moved.body.code).toBe('request.cursor_invalid');
  });

  it('refuses orders and filters that it does not have, and callers without the permission', async () => {
    for (const query of ['sort=slug', 'status=gone', 'type=x', 'parentId=1', 'limit=0', 'limit=201'])
      expect((await as(platform, 'GET', `/tenants?${query}`)).body.code, query).toBe('request.invalid');
    const agent = await addPerson(gatehouse, partner.tenantId, ['SUPPORT_AGENT']);
    // What only the root tenant can hold is no use to anybody else.
    const refused = await as(agent, 'GET', '/tenants');
    expect(refused.body).toMatchObject({ code: 'access.denied', missingPermission: 'customers:read' });
    expect(refused.body.detail).not.toContain('tenants:read');
    expect(await records(partner.tenantId, 'authorization_denied', 'GET /api/v1/tenants')).toMatchObject([
      { actor_id: agent.userId, after: { permission: 'customers:read' } },
    ]);
    expect((await as(undefined, 'GET', '/tenants')).status).toBe(401);
  });
});

describe('GET and PATCH /api/v1/tenants/{tenantId}', () => {
  it('open one’s own tenant by settings, a customer by customers, any by the platform', async () => {
    const url = `/tenants/${customer.tenantId}`;
    for (const who of [customer, partner, platform]) {
      const answer = await as(who, 'GET', url);
      expect(answer.body).toMatchObject({ id: customer.tenantId, name: 'Customer', type: 'customer' });
    }
    const agent = await addPerson(gatehouse, customer.tenantId, ['SUPPORT_AGENT']);
    expect((await as(agent, 'GET', url)).body).toMatchObject({ missingPermission: 'settings:read' });
    const viewer = await addPerson(gatehouse, customer.tenantId, ['admin_viewer']);
    expect((await as(viewer, 'GET', url)).status).toBe(200);
    expect((await as(viewer, 'PATCH', url, { name: 'X' })).body).toMatchObject({
      missingPermission: 'settings:update',
    });
  });

  it('show a customer to who may read customers, and what is inside it as far as they may read that (spec R1)', async () => {
    const viewer = await addPerson(gatehouse, partner.tenantId, ['admin_viewer']);
    const url = `/tenants/${customer.tenantId}`;
    expect((await as(viewer, 'GET', url)).body).toMatchObject({ id: customer.tenantId });
    for (const path of ['users', 'audit', 'roles', 'clients', 'memberships', `users/${customer.userId}`])
      expect(
        [(await as(viewer, 'GET', `${url}/${path}`)).text, path],
        'what the partner’s admin reads, its admin_viewer reads',
      ).toEqual([(await as(partner, 'GET', `${url}/${path}`)).text, path]);
    expect((await as(viewer, 'GET', `${url}/audit/export`)).body).toMatchObject({
      missingPermission: 'customers:operate',
    });
  });

  it('name the permission that it takes to act in a customer, on record in both tenants', async () => {
    const viewer = await addPerson(gatehouse, partner.tenantId, ['admin_viewer']);
    const url = `/tenants/${customer.tenantId}`;
    const before = await rowOf(customer.tenantId);
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'X' }],
      ['POST', '/suspend', undefined],
      ['DELETE', '', undefined],
      ['POST', '/users', { email: 'x@example.com', name: 'X' }],
      ['DELETE', `/users/${customer.userId}`, undefined],
    ] as const) {
      const answer = await as(viewer, method, url + path, body);
      expect([answer.status, answer.body.missingPermission], path).toEqual([403, 'customers:operate']);
    }
    expect(await rowOf(customer.tenantId)).toEqual(before);
    const route = 'PATCH /api/v1/tenants/:tenantId';
    expect(
      (await records(customer.tenantId, 'authorization_denied', route)).filter(
        ({ actor_id }) => actor_id === viewer.userId,
      ),
    ).toMatchObject([{ after: { permission: 'customers:operate' } }]);
  });

  it('are not there for who may not look', async () => {
    const viewer = await addPerson(gatehouse, partner.tenantId, ['admin_viewer']);
    const url = `/tenants/${customer.tenantId}`;
    // Not every role of a partner reads customers, and nobody of it reads the customers of others.
    const agent = await addPerson(gatehouse, partner.tenantId, ['SUPPORT_AGENT']);
    // The root tenant's own readers read what its `admin` reads, which is nothing of other tenants.
    const unnamed = await addPerson(gatehouse, ROOT_TENANT, ['admin_viewer']);
    for (const [who, at] of [
      [agent, url],
      [viewer, `/tenants/${stranger.tenantId}`],
      [unnamed, url],
      [rootAdmin, url],
    ] as const) {
      for (const path of ['', '/users', '/audit']) expect((await as(who, 'GET', at + path)).status).toBe(404);
      expect((await as(who, 'PATCH', at, { name: 'X' })).status).toBe(404);
    }
  });

  it('answer alike for a tenant of somebody else, for none, and for what is no id', async () => {
    const foreign = await as(stranger, 'GET', `/tenants/${customer.tenantId}`);
    const unknown = await as(stranger, 'GET', `/tenants/${newId()}`);
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, correlationId: '' }).toEqual({ ...unknown.body, correlationId: '' });
    // The tenant is looked for before the request is read: what is no id is no tenant either.
    for (const id of ['not-an-id', customer.tenantId.toUpperCase(), `${customer.tenantId}%20`, '..%2Fusers'])
      expect((await as(stranger, 'GET', `/tenants/${id}`)).body.code, id).toBe('resource.not_found');
    expect((await as(platform, 'GET', `/tenants/${newId()}`)).status).toBe(404);
    // A customer does not see above itself, nor a partner beside itself.
    expect((await as(customer, 'GET', `/tenants/${partner.tenantId}`)).status).toBe(404);
    expect((await as(partner, 'GET', `/tenants/${stranger.tenantId}`)).status).toBe(404);
    expect((await as(rootAdmin, 'GET', `/tenants/${customer.tenantId}`)).status).toBe(404);
  });

  it('change nothing of a foreign tenant', async () => {
    const before = await rowOf(customer.tenantId);
    const url = `/tenants/${customer.tenantId}`;
    for (const [method, path, body] of [
      ['PATCH', url, { name: 'Taken over' }],
      ['POST', `${url}/suspend`, {}],
      ['POST', `${url}/activate`, {}],
      ['DELETE', url, undefined],
    ] as const)
      expect((await as(stranger, method, path, body)).status).toBe(404);
    expect(await rowOf(customer.tenantId)).toEqual(before);
  });

  it('change name and slug with what was before on record, in both tenants when it comes from above', async () => {
    const id = await open(partner, { name: 'Before', type: 'customer', slug: 'before' });
    const inside = await addPerson(gatehouse, id, ['admin']);
    const url = `/tenants/${id}`;
    const renamed = await as(inside, 'PATCH', url, { name: 'After' });
    expect(renamed.body).toMatchObject({ name: 'After', slug: 'before' });
    expect(await records(id, 'tenant_updated', id)).toMatchObject([
      { actor_id: inside.userId, before: { name: 'Before' }, after: { name: 'After' } },
    ]);
    expect(await records(partner.tenantId, 'tenant_updated', id)).toEqual([]);

    expect((await as(partner, 'PATCH', url, { slug: null })).body.slug).toBeNull();
    expect(await records(id, 'tenant_updated', id)).toHaveLength(2);
    expect(await records(partner.tenantId, 'tenant_updated', id)).toMatchObject([
      { actor_id: partner.userId, before: { slug: 'before' }, after: { of: id, state: { slug: null } } },
    ]);
    // The same again is no change, and leaves no record.
    expect((await as(partner, 'PATCH', url, { slug: null, name: 'After' })).status).toBe(200);
    expect(await records(id, 'tenant_updated', id)).toHaveLength(2);
  });

  it('refuse taken slugs, empty changes and fields that are not to be changed', async () => {
    const url = `/tenants/${customer.tenantId}`;
    await open(platform, { name: 'Slug', type: 'customer', slug: 'mine' });
    expect((await as(customer, 'PATCH', url, { slug: 'mine' })).body.code).toBe('tenants.slug_in_use');
    for (const body of [
      {},
      { type: 'partner' },
      { status: 'active' },
      { parentId: ROOT_TENANT },
      { name: null },
      { name: ['Acme'] },
      { settings: {} },
    ])
      expect((await as(customer, 'PATCH', url, body)).body.code).toBe('request.invalid');
  });
});

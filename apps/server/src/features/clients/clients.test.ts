import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Person;
let platform: Person;
let stranger: Person;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  admin = await addPerson(gatehouse, tenantId, ['admin']);
  platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
  const other = await registerTenant(gatehouse, 'Other', 'first@other.example');
  stranger = await addPerson(gatehouse, other.tenantId, ['admin']);
});
afterAll(() => gatehouse.close());

const as = (who: Person | undefined, method: string, url: string, body?: unknown) =>
  call(gatehouse, who?.token, { method, url: `/api/v1${url}`, body });
let made = 0;
const minimal = (more: object = {}) => ({
  clientId: `app-${(made += 1)}`,
  name: `App ${made}`,
  kind: 'spa',
  ...more,
});
const add = async (who: Person, more: object = {}) => {
  const answer = await as(who, 'POST', '/clients', minimal(more));
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body as unknown as { id: string; clientId: string };
};
const rowOf = async (id: string) =>
  (await gatehouse.sql<Record<string, unknown>>('select * from gatehouse.clients where id = $1', [id]))[0];
const records = (tenant: string, resource: string) =>
  gatehouse.sql<{ action: string; before: unknown; after: unknown; actor_id: string }>(
    'select action, before, after, actor_id from gatehouse.audit_records where tenant_id = $1 and resource_id = $2 order by id',
    [tenant, resource],
  );

describe('POST /api/v1/clients', () => {
  it('registers a client that starts with nothing but what is named, on record', async () => {
    const answer = await as(admin, 'POST', '/clients', { clientId: 'shop', name: 'Shop', kind: 'web' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      tenantId,
      clientId: 'shop',
      name: 'Shop',
      kind: 'web',
      tokenMode: 'cookie',
      redirectUris: [],
      origins: [],
      cookieDomain: null,
      status: 'active',
    });
    const id = answer.body.id as string;
    expect(await records(tenantId, id)).toMatchObject([
      { action: 'oauth_client_created', actor_id: admin.userId, after: { clientId: 'shop', kind: 'web' } },
    ]);
    expect((await as(admin, 'GET', `/clients/${id}`)).body).toEqual(answer.body);
  });

  it('gives a native client the bearer mode unless asked otherwise', async () => {
    const native = await as(admin, 'POST', '/clients', minimal({ kind: 'native' }));
    expect(native.body.tokenMode).toBe('bearer');
  });

  it('keeps a client_id to one client over all tenants', async () => {
    const { clientId } = await add(admin);
    for (const taken of [clientId, 'console']) {
      const answer = await as(stranger, 'POST', '/clients', minimal({ clientId: taken }));
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('clients.client_id_in_use');
    }
    const answers = await Promise.all(
      [admin, stranger, admin, stranger].map((who) =>
        as(who, 'POST', '/clients', { clientId: 'contested', name: 'One of four', kind: 'spa' }),
      ),
    );
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409', '409', '409']);
  });

  it('names every fault of the addresses at once', async () => {
    const answer = await as(
      admin,
      'POST',
      '/clients',
      minimal({
        redirectUris: ['https://app.example.com/cb', 'http://app.example.com/cb', 'https://*.example.com/cb'],
        origins: ['http://app.example.com'],
      }),
    );
    expect(answer.status).toBe(400);
    expect((answer.body.errors as { path: string }[]).map(({ path }) => path)).toEqual([
      'body/redirectUris/1',
      'body/redirectUris/2',
      'body/origins/0',
    ]);
  });

  it('refuses fields, kinds and names that it does not know', async () => {
    for (const more of [
      { tenantId: ROOT_TENANT },
      { status: 'suspended' },
      { id: newId() },
      { secret: 'x' },
      { limits: {} },
      { kind: 'service' },
      { kind: 'partner' },
      { tokenMode: 'none' },
      { clientId: 'Not_An_Id' },
      { clientId: '../console' },
      { name: 'Sh\u200bop' },
      { origins: 'https://app.example.com' },
      { origins: [['https://app.example.com']] },
      { cookieDomain: 'a b' },
    ])
      expect((await as(admin, 'POST', '/clients', minimal(more))).body.code, JSON.stringify(more)).toBe(
        'request.invalid',
      );
    const viewer = await addPerson(gatehouse, tenantId, ['admin_viewer']);
    expect((await as(viewer, 'POST', '/clients', minimal())).body).toMatchObject({
      code: 'access.denied',
      missingPermission: 'clients:create',
    });
  });

  it('lets the platform register one for a tenant, on record in both', async () => {
    const answer = await as(platform, 'POST', `/tenants/${tenantId}/clients`, minimal());
    expect(answer.body.tenantId).toBe(tenantId);
    const id = answer.body.id as string;
    expect(await records(tenantId, id)).toMatchObject([{ actor_id: platform.userId }]);
    expect(await records(ROOT_TENANT, id)).toMatchObject([{ after: { of: tenantId } }]);
  });
});

describe('GET /api/v1/clients', () => {
  it('filters by status and kind, and is complete in pages, in every order', async () => {
    const owner = await addPerson(
      gatehouse,
      (await registerTenant(gatehouse, 'Many', 'first@many.example')).tenantId,
      ['admin'],
    );
    const ids: string[] = [];
    for (const name of ['beta', 'Beta', 'alpha', 'gamma', 'beta'])
      ids.push((await add(owner, { name, kind: name === 'gamma' ? 'native' : 'spa' })).id);
    await as(owner, 'POST', `/clients/${ids[0]}/suspend`, {});
    const list = async (query: string) =>
      (await as(owner, 'GET', `/clients?${query}`)).body.items as { id: string; name: string }[];
    expect((await list('kind=native')).map(({ name }) => name)).toEqual(['gamma']);
    expect((await list('status=suspended')).map(({ id }) => id)).toEqual([ids[0]]);
    for (const sort of ['name', '-name', 'createdAt', '-createdAt']) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const more: string = cursor === null ? '' : `&cursor=${cursor}`;
        const answer = await as(owner, 'GET', `/clients?limit=2&sort=${sort}${more}`);
        seen.push(...(answer.body.items as { id: string }[]).map(({ id }) => id));
        cursor = answer.body.nextCursor as string | null;
      } while (cursor !== null);
      expect(seen.toSorted(), sort).toEqual(ids.toSorted());
    }
    expect((await as(owner, 'GET', '/clients?sort=clientId')).status).toBe(400);
    expect((await as(owner, 'GET', '/clients?search=a')).status).toBe(400);
  });
});

describe('a client of another tenant', () => {
  it('is not there, and no row of it changes', async () => {
    const { id } = await add(admin);
    const before = await rowOf(id);
    for (const base of ['/clients', `/tenants/${tenantId}/clients`])
      for (const [method, url, body] of [
        ['GET', `${base}/${id}`, undefined],
        ['PATCH', `${base}/${id}`, { name: 'Taken over' }],
        ['POST', `${base}/${id}/suspend`, {}],
        ['POST', `${base}/${id}/activate`, {}],
        ['DELETE', `${base}/${id}`, undefined],
      ] as const) {
        const answer = await as(stranger, method, url, body);
        expect(answer.status, `${method} ${url}`).toBe(404);
        expect(answer.text).not.toContain('App');
      }
    expect(await rowOf(id)).toEqual(before);
    expect((await as(stranger, 'GET', `/clients?limit=200`)).text).not.toContain(id);
    expect((await as(admin, 'GET', `/clients/${newId()}`)).body.code).toBe('resource.not_found');
    expect((await as(admin, 'GET', '/clients/console')).status).toBe(400);
  });
});

describe('PATCH /api/v1/clients/{id}', () => {
  it('changes what is named, with what was before on record, and judges it as it will stand together', async () => {
    const { id } = await add(admin, { origins: ['https://app.example.com'] });
    const changed = await as(admin, 'PATCH', `/clients/${id}`, {
      name: 'Renamed',
      cookieDomain: 'example.com',
    });
    expect(changed.body).toMatchObject({
      name: 'Renamed',
      cookieDomain: 'example.com',
      origins: ['https://app.example.com'],
    });
    expect((await records(tenantId, id)).at(-1)).toMatchObject({
      action: 'oauth_client_updated',
      before: { cookieDomain: null },
      after: { name: 'Renamed', cookieDomain: 'example.com' },
    });
    for (const body of [
      { origins: ['https://app.example.org'] },
      { tokenMode: 'bearer' },
      { cookieDomain: 'co.uk' },
    ])
      expect((await as(admin, 'PATCH', `/clients/${id}`, body)).body.code, JSON.stringify(body)).toBe(
        'request.invalid',
      );
    const count = (await records(tenantId, id)).length;
    expect((await as(admin, 'PATCH', `/clients/${id}`, { name: 'Renamed' })).status).toBe(200);
    expect(await records(tenantId, id)).toHaveLength(count);
  });

  it('gives back what it was given: a read followed by the same write changes nothing [threat 78]', async () => {
    const { id } = await add(admin, {
      origins: ['https://app.example.com'],
      redirectUris: ['https://app.example.com/cb'],
      cookieDomain: 'example.com',
    });
    const before = (await as(admin, 'GET', `/clients/${id}`)).body;
    const { name, tokenMode, redirectUris, origins, cookieDomain } = before;
    const answer = await as(admin, 'PATCH', `/clients/${id}`, {
      name,
      tokenMode,
      redirectUris,
      origins,
      cookieDomain,
    });
    expect(answer.body).toEqual(before);
    expect(await records(tenantId, id)).toHaveLength(1);
  });

  it('refuses what is fixed: kind, client_id, status, tenant', async () => {
    const { id } = await add(admin);
    for (const body of [{}, { kind: 'web' }, { clientId: 'other' }, { status: 'active' }, { tenantId }])
      expect((await as(admin, 'PATCH', `/clients/${id}`, body)).body.code).toBe('request.invalid');
  });
});

describe('the built-in console', () => {
  it('cannot be suspended, deleted, or moved to where its cookies would be lost', async () => {
    const list = (await as(platform, 'GET', '/clients')).body.items as {
      id: string;
      clientId: string;
    }[];
    const id = list.find(({ clientId }) => clientId === 'console')?.id ?? '';
    const before = await rowOf(id);
    for (const answer of [
      await as(platform, 'POST', `/clients/${id}/suspend`, {}),
      await as(platform, 'DELETE', `/clients/${id}`),
      await as(platform, 'PATCH', `/clients/${id}`, { tokenMode: 'bearer' }),
      await as(platform, 'PATCH', `/clients/${id}`, { cookieDomain: 'example.com' }),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('clients.built_in');
    }
    expect(await rowOf(id)).toEqual(before);
    expect((await as(platform, 'PATCH', `/clients/${id}`, { name: 'Our console' })).status).toBe(200);
    expect((await as(platform, 'GET', '/auth/me')).status).toBe(200);
  });
});

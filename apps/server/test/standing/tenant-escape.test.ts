import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type PrincipalId, ROOT_TENANT } from '../../src/platform/ids.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { addGuest } from '../guests.fixture.ts';
import { addTenant } from '../people.fixture.ts';
import {
  fill,
  isIdSchema,
  isOfAuthzen,
  isOfOAuth,
  listOperations,
  type Operation,
} from './operations.fixture.ts';
import { addPerson, assignRole, call, type Person, registerTenant, signIn } from './people.fixture.ts';
import { checksums, populate, type Population } from './population.fixture.ts';

/**
 * The check reads one id, the action uses another: every operation of the OpenAPI document, with ids of another tenant in
 * each place where an id can stand.
 */
describe('tenant escape', () => {
  let gatehouse: TestServer;
  let operations: Operation[];
  let a: Population;
  let b: Population;
  let platform: Person;
  beforeAll(async () => {
    gatehouse = await startServer();
    const alpha = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    const beta = await registerTenant(gatehouse, 'Beta Secret Name', 'first@beta-secret.example');
    a = await populate(gatehouse, alpha.tenantId);
    b = await populate(gatehouse, beta.tenantId);
    platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN', 'admin']);
    operations = await listOperations(gatehouse);
  });
  afterAll(() => gatehouse.close());

  /** An operation's own example as its body, so that nothing but the foreign id can be what is refused. */
  const body = (operation: Operation) => operation.body && { body: structuredClone(operation.body.example) };
  const isAboutTenants = ({ path }: Operation) => /\/tenants(\/\{id\}[^/]*)?(\/[a-z-]+)?$/.test(path);
  /** Ways in are for strangers: whoever may not sign in by a connection is told by its provider. */
  const isWayIn = ({ path }: Operation) => path.startsWith('/api/v1/auth/connections/{id}/');
  const withId = () => operations.filter((each) => each.idParameters.length > 0 && !isWayIn(each));
  const withTenant = () => operations.filter(({ pathParameters }) => pathParameters.includes('tenantId'));

  /** The foreign id in each place in turn, with ids of one's own in the others, in each of the tenants. */
  const withForeign = (operation: Operation, id: string, tenants: string[]) =>
    tenants.flatMap((tenantId) =>
      operation.idParameters.map((place) => ({ tenantId, ...own(operation.idParameters), [place]: id })),
    );
  /** Of a path that names several things, the first is a person, and `sessionId` is a session of that person. */
  const own = (names: string[]) =>
    Object.fromEntries(
      names.map((name) => [name, a.ids[name === 'id' ? 'users' : `${name.replace(/Id$/, '')}s`] ?? newId()]),
    );

  async function expectUntouched(work: () => Promise<void>): Promise<void> {
    const before = await checksums(gatehouse, b.tenantId);
    await work();
    expect(await checksums(gatehouse, b.tenantId)).toEqual(before);
  }
  /** Nothing in an answer may come from the other tenant. */
  function expectNothingOf(text: string, of: Population, where: string): void {
    const words = ['beta-secret', 'Beta Secret', of.admin.email, of.nobody.email, ...Object.values(of.ids)];
    for (const word of words) expect(text, where).not.toContain(word);
  }

  it('knows operations with an id and with a tenant, so that it cannot pass for want of any', () => {
    expect(withId().length).toBeGreaterThan(5);
    expect(withTenant().length).toBeGreaterThan(3);
  });

  it('answers 404 to an administrator who puts any id of another tenant into any path [threat 5] [threat 7]', async () => {
    let tried = 0;
    await expectUntouched(async () => {
      for (const operation of withId()) {
        for (const [kind, id] of Object.entries(b.ids)) {
          const inTenants = operation.pathParameters.includes('tenantId') ? [a.tenantId, b.tenantId] : [''];
          for (const values of withForeign(operation, id, inTenants)) {
            const url = fill(operation.path, values);
            const answer = await call(gatehouse, a.admin.token, {
              method: operation.method,
              url,
              ...body(operation),
            });
            const where = `${operation.operationId} with an id of ${kind}: ${url}: ${answer.text}`;
            expect(answer.status, where).toBe(404);
            expectNothingOf(answer.text, b, where);
            tried += 1;
          }
        }
      }
    });
    expect(tried).toBeGreaterThan(100);
  });

  it('answers 404 to the platform’s administrator who names one tenant and an id of another [threat 5]', async () => {
    await expectUntouched(async () => {
      for (const operation of withId().filter((each) => !isAboutTenants(each))) {
        for (const [kind, id] of Object.entries(b.ids)) {
          for (const values of withForeign(operation, id, [a.tenantId])) {
            const url = fill(operation.path, values);
            const answer = await call(gatehouse, platform.token, {
              method: operation.method,
              url,
              ...body(operation),
            });
            const where = `${operation.operationId} with an id of ${kind}: ${url}: ${answer.text}`;
            expect(answer.status, where).toBe(404);
          }
        }
      }
    });
  });

  it('answers 404 for an unknown tenant, a stranger’s tenant and the one above, before it looks at the request [threat 8]', async () => {
    const foreign = [newId(), b.tenantId, ROOT_TENANT, 'not-a-tenant', a.tenantId.toUpperCase(), '%00'];
    await expectUntouched(async () => {
      for (const operation of withTenant()) {
        for (const tenantId of foreign) {
          const url = fill(operation.path, { tenantId, id: newId() });
          // A body that no operation takes: 400 would say that the request was read before the tenant was judged.
          const answer = await call(gatehouse, a.admin.token, {
            method: operation.method,
            url: `${url}?no-such-parameter=1`,
            ...(operation.method !== 'GET' && { body: { 'no-such-member': 1 } }),
          });
          expect(answer.status, `${operation.operationId}: ${url}: ${answer.text}`).toBe(404);
          expect(answer.body.code, url).toBe('resource.not_found');
        }
      }
    });
  });

  it('gives an unknown tenant and a stranger’s the very same answer', async () => {
    for (const operation of withTenant()) {
      const texts = [];
      for (const tenantId of [newId(), b.tenantId]) {
        const url = fill(operation.path, { tenantId, id: newId() });
        const answer = await call(gatehouse, a.admin.token, { method: operation.method, url });
        texts.push(JSON.stringify({ ...answer.body, correlationId: '' }));
      }
      expect(texts[0], operation.operationId).toBe(texts[1]);
    }
  });

  it('takes no id of another tenant in a body [threat 5]', async () => {
    let tried = 0;
    await expectUntouched(async () => {
      for (const operation of operations) {
        for (const [name, schema] of Object.entries(operation.body?.schema.properties ?? {})) {
          if (!isIdSchema(schema)) continue;
          for (const [kind, id] of Object.entries(b.ids)) {
            const url = fill(operation.path, { tenantId: a.tenantId, id: a.nobody.principalId });
            const answer = await call(gatehouse, a.admin.token, {
              method: operation.method,
              url,
              body: { ...operation.body?.example, [name]: id },
            });
            const where = `${operation.operationId} with ${name} of ${kind}: ${answer.text}`;
            expect([400, 404], where).toContain(answer.status);
            expectNothingOf(answer.text, b, where);
            tried += 1;
          }
        }
      }
    });
    console.log(`${tried} bodies with a foreign id`);
  });

  it('answers with nothing of another tenant to a filter that names it [threat 5]', async () => {
    let tried = 0;
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      for (const { name, schema } of operation.queryParameters) {
        if (!isIdSchema(schema) && !/Id$|^search$/.test(name)) continue;
        for (const value of [
          ...Object.values(b.ids),
          ...(name === 'search' ? ['beta-secret', 'first'] : []),
        ]) {
          const url = fill(operation.path, { tenantId: a.tenantId, id: a.nobody.userId });
          const answer = await call(gatehouse, a.admin.token, {
            method: 'GET',
            url: `${url}?${name}=${encodeURIComponent(value)}`,
          });
          expect([200, 400, 404], `${operation.operationId} ${answer.text}`).toContain(answer.status);
          expectNothingOf(answer.text, b, `${operation.operationId}?${name}`);
          tried += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('lists nothing of another tenant to anybody in this one', async () => {
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      for (const person of [a.admin, a.viewer, a.nobody]) {
        const url = fill(operation.path, { tenantId: a.tenantId, id: a.ids.users ?? '' });
        const answer = await call(gatehouse, person.token, { method: 'GET', url });
        expect(answer.status, operation.operationId).toBeLessThan(500);
        expectNothingOf(answer.text, b, operation.operationId);
      }
    }
  });

  /** By the schema, or before the request was read, where not even an administrator may do this to their own tenant. */
  const expectRefused = (answer: Awaited<ReturnType<typeof call>>, what: string) => {
    if (answer.body.code === ('access.denied' as unknown)) return;
    expect(answer.status, `${what}: ${answer.text}`).toBe(400);
  };

  it('refuses an id in the query or the body that contradicts the path or the session [threat 6]', async () => {
    const contradictions = ['tenantId', 'tenant_id', 'userId', 'id', 'organizationId', 'sub'];
    await expectUntouched(async () => {
      for (const operation of operations) {
        const url = fill(operation.path, { tenantId: a.tenantId, id: a.nobody.userId });
        const declared = new Set(operation.queryParameters.map(({ name }) => name));
        for (const name of contradictions) {
          const id = name.toLowerCase().includes('tenant') ? b.tenantId : b.nobody.userId;
          if (!declared.has(name) && operation.path.startsWith('/api/v1/')) {
            const answer = await call(gatehouse, a.admin.token, {
              method: operation.method,
              url: `${url}?${name}=${id}`,
              ...body(operation),
            });
            expectRefused(answer, `${operation.operationId}?${name}`);
          }
          if (operation.method === 'GET' || operation.body?.schema.properties?.[name] !== undefined) continue;
          // These ignore them, and their own tests see to it that they change nothing.
          if (isOfAuthzen(operation) || isOfOAuth(operation)) continue;
          const answer = await call(gatehouse, a.admin.token, {
            method: operation.method,
            url,
            body: { ...operation.body?.example, [name]: id },
          });
          expectRefused(answer, `${operation.operationId} body ${name}`);
        }
      }
    });
  });

  it('takes the tenant from the session alone: no header chooses another', async () => {
    const headers: Record<string, string>[] = [
      { host: 'beta-secret.example' },
      { 'x-forwarded-host': 'beta-secret.example' },
      { forwarded: 'host=beta-secret.example' },
      { 'x-tenant-id': b.tenantId },
      { 'x-tenant': b.tenantId },
      { 'x-original-url': `/api/v1/tenants/${b.tenantId}/users` },
      { 'x-rewrite-url': `/api/v1/tenants/${b.tenantId}/users` },
      { 'x-forwarded-prefix': `/api/v1/tenants/${b.tenantId}` },
      { 'accept-version': '0.1.0' },
      { 'x-api-version': '0' },
    ];
    for (const header of headers) {
      const me = await call(gatehouse, a.nobody.token, {
        method: 'GET',
        url: '/api/v1/auth/me',
        headers: header,
      });
      expect(me.status, JSON.stringify(header)).toBe(200);
      expect(me.body.tenant, JSON.stringify(header)).toMatchObject({ id: a.tenantId });
      const anonymous = await call(gatehouse, undefined, {
        method: 'GET',
        url: '/api/v1/auth/me',
        headers: header,
      });
      expect(anonymous.status, JSON.stringify(header)).toBe(401);
    }
  });

  it('answers 404 to a partner who names its customer and an id of another tenant, a sibling’s too [threat 5]', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner });
    const above = await addPerson(gatehouse, partner, ['admin']);
    await expectUntouched(async () => {
      for (const operation of withTenant().filter((each) => !isAboutTenants(each))) {
        for (const [kind, id] of Object.entries(b.ids)) {
          for (const values of withForeign(operation, id, [customer])) {
            const url = fill(operation.path, values);
            const answer = await call(gatehouse, above.token, {
              method: operation.method,
              url,
              ...body(operation),
            });
            const where = `${operation.operationId} with an id of ${kind}: ${url}: ${answer.text}`;
            expect(answer.status, where).toBe(404);
            expectNothingOf(answer.text, b, where);
          }
        }
      }
    });
  });

  it('is not to be had as a partner in what it did not bring: siblings and theirs, the root, what lies below its customers [threat 5]', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner });
    const sibling = await addTenant(gatehouse, { type: 'partner' });
    // Nobody can make one below a customer; were there one, it would not be the partner's.
    const foreign = [
      sibling,
      await addTenant(gatehouse, { parent: sibling }),
      await addTenant(gatehouse, { parent: customer }),
      await addTenant(gatehouse),
      b.tenantId,
      ROOT_TENANT,
      newId(),
    ];
    const above = await addPerson(gatehouse, partner, ['admin']);
    await expectUntouched(async () => {
      for (const operation of withTenant()) {
        const answers = new Set<string>();
        for (const tenantId of foreign) {
          const url = fill(operation.path, { tenantId, id: b.nobody.userId });
          const answer = await call(gatehouse, above.token, {
            method: operation.method,
            url,
            ...body(operation),
          });
          expect(answer.status, `${operation.operationId}: ${url}: ${answer.text}`).toBe(404);
          answers.add(JSON.stringify({ ...answer.body, correlationId: '' }));
        }
        expect([...answers], operation.operationId).toHaveLength(1);
      }
    });
  });

  it('is not to be had as a guest: neither at home from there, nor in any third tenant from either [threat 9]', async () => {
    const home = await addTenant(gatehouse);
    const person = await addPerson(gatehouse, home, ['admin']);
    const membership = await addGuest(gatehouse, a.tenantId, person);
    await assignRole(gatehouse, a.tenantId, membership as PrincipalId, 'admin');
    const switched = await call(gatehouse, person.token, {
      method: 'POST',
      url: '/api/v1/auth/switch-tenant',
      body: { tenantId: a.tenantId },
    });
    const token = switched.cookies.find(({ name }) => name.endsWith('.at'))?.value;
    const stays = await signIn(gatehouse, home, person.userId);
    const homely = await populate(gatehouse, home);
    await expectUntouched(async () => {
      for (const operation of withTenant()) {
        for (const [by, tenantId] of [
          [token, home],
          [token, b.tenantId],
          [stays.accessToken, a.tenantId],
          [stays.accessToken, b.tenantId],
        ] as const) {
          const url = fill(operation.path, { tenantId, id: homely.nobody.userId });
          const answer = await call(gatehouse, by, { method: operation.method, url, ...body(operation) });
          expect(answer.status, `${operation.operationId}: ${url}: ${answer.text}`).toBe(404);
        }
      }
    });
    // Nor by ids of the home in the tenant that the session works in.
    for (const operation of withId().filter(({ pathParameters }) => !pathParameters.includes('tenantId'))) {
      for (const id of [homely.nobody.userId, homely.nobody.principalId, homely.ids.clients ?? '']) {
        const url = fill(operation.path, { ...own(operation.idParameters), id });
        const answer = await call(gatehouse, token, { method: operation.method, url, ...body(operation) });
        expect(answer.status, `${operation.operationId}: ${url}: ${answer.text}`).toBe(404);
      }
    }
  });

  it('lets a partner into its own customers and into nobody else’s [threat 5]', async () => {
    const [partner, customer] = [newId<'tenant'>(), newId<'tenant'>()];
    for (const [id, parent, type] of [
      [partner, ROOT_TENANT, 'partner'],
      [customer, partner, 'customer'],
    ])
      await gatehouse.sql(
        `insert into gatehouse.tenants (id, parent_id, type, name, created_at, updated_at) values ($1, $2, $3, 'Made here', now(), now())`,
        [id, parent, type],
      );
    const above = await addPerson(gatehouse, partner, ['admin']);
    const below = await addPerson(gatehouse, customer, ['admin']);
    const audit = (tenantId: string) => ({ method: 'GET', url: `/api/v1/tenants/${tenantId}/audit` });
    expect((await call(gatehouse, above.token, audit(customer))).status).toBe(200);
    for (const [person, tenantId] of [
      [above, a.tenantId],
      [above, ROOT_TENANT],
      [below, partner],
      [below, ROOT_TENANT],
      [a.admin, customer],
    ] as const)
      expect((await call(gatehouse, person.token, audit(tenantId))).status).toBe(404);
  });
});

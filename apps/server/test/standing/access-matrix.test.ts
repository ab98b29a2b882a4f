import { getSystemRole, PLATFORM_PERMISSIONS, type SystemRoleName } from '@gatehouse/contracts';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.ts';
import type { Access, DeclaredRoute } from '../../src/platform/access/index.ts';
import { newId, ROOT_TENANT } from '../../src/platform/ids.ts';
import type { Answer } from '../browser.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { fillRoute } from './operations.fixture.ts';
import { addTenant } from '../people.fixture.ts';
import { addPerson, call, type Person, registerTenant } from './people.fixture.ts';

type UserAccess = Extract<Access, { kind: 'user' }>;

/** Every route × every kind of caller: what the declaration says against what is observed over HTTP. */
describe('the access matrix', () => {
  let gatehouse: TestServer;
  let callers: Record<string, Person>;
  let expired: string;
  beforeAll(async () => {
    gatehouse = await startServer();
    const { tenantId } = await registerTenant(gatehouse, 'Alpha', 'first@alpha.example');
    const caller = (roles: SystemRoleName[]) => addPerson(gatehouse, tenantId, roles);
    callers = {
      'no role': await caller([]),
      admin_viewer: await caller(['admin_viewer']),
      SUPPORT_AGENT: await caller(['SUPPORT_AGENT']),
      admin: await caller(['admin']),
      PLATFORM_ADMIN: await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']),
    };
    const { opened, tenantId: home } = await caller(['admin']);
    const now = Math.floor(gatehouse.clock.now().getTime() / 1000);
    expired = gatehouse.server.deps.tokens.sign({
      iss: gatehouse.config.publicUrl,
      aud: gatehouse.config.publicUrl,
      exp: now - 1,
      sid: opened.sessionId,
      home_tenant_id: home,
      client_id: 'console',
    });
  });
  afterAll(() => gatehouse.close());

  const routes = () => gatehouse.server.app.declaredRoutes;
  const isProtected = (route: DeclaredRoute): route is DeclaredRoute & { access: UserAccess } =>
    route.access.kind === 'user';
  const tenantOf = (name: string) => callers[name]?.tenantId ?? '';

  /** A change is sent with a body that no operation takes: allowed then means neither 401 nor 403, and nothing happens. */
  const request = (route: DeclaredRoute, token: string | undefined): Promise<Answer> =>
    call(gatehouse, token, {
      method: route.method,
      url: fillRoute(route.url, { id: newId(), tenantId: tenantOf('admin') }),
      ...(!['GET', 'HEAD'].includes(route.method) && { body: { 'no-such-member': 1 } }),
    });

  /** What the declaration says, from the roles of the contracts package and without the server's own hook. */
  function needed(route: { url: string; access: UserAccess }, caller: string): readonly string[] | undefined {
    const person = callers[caller];
    const isElsewhere = route.url.includes(':tenantId') && person?.tenantId !== tenantOf('admin');
    const anyOf = route.access.anyOf[isElsewhere ? 'platform' : 'own'];
    if (anyOf.length === 0) return undefined;
    const held = new Set(
      (person?.roles ?? []).flatMap((role) => getSystemRole(role).permissions as string[]),
    );
    if (anyOf.some((permission) => held.has(permission))) return undefined;
    // Of several the one that this tenant can hold, where there is one.
    const possible = anyOf.filter(
      (permission) => person?.tenantId === ROOT_TENANT || !PLATFORM_PERMISSIONS.includes(permission),
    );
    return possible.length > 0 ? possible : anyOf;
  }

  it('knows the routes, protected ones and their HEAD among them', () => {
    const known = routes().map(({ method, url }) => `${method} ${url}`);
    expect(known).toEqual(
      expect.arrayContaining([
        'POST /api/v1/auth/login',
        'GET /api/v1/auth/me',
        'HEAD /api/v1/auth/me',
        'GET /api/v1/tenants/:tenantId/audit',
      ]),
    );
    expect(routes().filter(isProtected).length).toBeGreaterThan(15);
  });

  it('answers 401 to nobody, to an invalid and to an expired token, on every route that is not public', async () => {
    const tokens = { none: undefined, invalid: 'eyJhbGciOiJub25lIn0.e30.', nonsense: 'nonsense', expired };
    let refused = 0;
    for (const route of routes().filter(isProtected)) {
      for (const [kind, token] of Object.entries(tokens)) {
        const answer = await request(route, token);
        const where = `${route.method} ${route.url} with ${kind}: ${answer.text}`;
        expect(answer.status, where).toBe(401);
        expect(answer.headers['www-authenticate'], where).toMatch(/^Bearer/);
        if (route.method === 'HEAD') continue;
        expect(answer.body.code, where).toBe(token ? 'auth.token_invalid' : 'auth.unauthenticated');
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(40);
  });

  it('counts those by route and minute, and writes no audit record for them', async () => {
    const before = await gatehouse.sql<{ n: number }>(
      'select count(*)::int as n from gatehouse.audit_records',
    );
    const counted = () =>
      gatehouse.sql<{ n: number }>(
        `select coalesce(sum(count), 0)::int as n from gatehouse.anonymous_denials where route = 'GET /api/v1/auth/me' and code = 'auth.unauthenticated'`,
      );
    await expect.poll(async () => (await counted())[0]?.n).toBeGreaterThan(0);
    const start = (await counted())[0]?.n ?? 0;
    for (let i = 0; i < 25; i += 1)
      await call(gatehouse, undefined, { method: 'GET', url: '/api/v1/auth/me' });
    await expect.poll(async () => (await counted())[0]?.n).toBe(start + 25);
    const rows = await gatehouse.sql(
      `select from gatehouse.anonymous_denials where route = 'GET /api/v1/auth/me' and code = 'auth.unauthenticated'`,
    );
    expect(rows).toHaveLength(1);
    expect(await gatehouse.sql('select count(*)::int as n from gatehouse.audit_records')).toEqual(before);
  });

  /** How many refusals of whom are on record, each by itself or counted. */
  async function denials(): Promise<Record<string, number>> {
    const rows = await gatehouse.sql<{ key: string; n: number }>(
      `select actor_id || ' in ' || tenant_id || ' for want of ' || (after->>'permission') as key,
         sum(coalesce((after->>'count')::int, 1))::int as n
       from gatehouse.audit_records where action = 'authorization_denied' and after ? 'permission' group by 1`,
    );
    return Object.fromEntries(rows.map(({ key, n }) => [key, n]));
  }

  it('lets each signed-in caller exactly as far as its roles reach, and puts each refusal on record', async () => {
    const before = await denials();
    const refused: Record<string, number> = {};
    let allowed = 0;
    for (const route of routes().filter(isProtected)) {
      for (const [name, person] of Object.entries(callers)) {
        const answer = await request(route, person.token);
        const where = `${route.method} ${route.url} as ${name}: ${answer.text}`;
        const missing = needed(route, name);
        // Who may not even enter a tenant is told that it is not there: nobody here but the platform's administrator
        // comes from another one.
        const outcome = answer.status === 403 ? 'refused' : answer.status < 500 ? 'allowed' : 'fault';
        expect(outcome, where).toBe(missing === undefined ? 'allowed' : 'refused');
        expect(answer.status, where).not.toBe(401);
        if (missing === undefined) {
          allowed += 1;
          continue;
        }
        expect(answer.body.missingPermission, where).toBe(route.method === 'HEAD' ? undefined : missing[0]);
        const tenantId = route.url.includes(':tenantId') ? tenantOf('admin') : person.tenantId;
        const key = `${person.userId} in ${tenantId} for want of ${missing[0]}`;
        refused[key] = (refused[key] ?? before[key] ?? 0) + 1;
      }
    }
    expect(allowed).toBeGreaterThan(30);
    expect(Object.keys(refused).length).toBeGreaterThan(15);
    gatehouse.clock.advance({ minutes: 1 });
    await gatehouse.server.deps.denials.flush();
    expect(await denials()).toMatchObject(refused);
  });

  it('lets a partner’s people into its customer: to read with customers:read, to act with customers:operate', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner });
    const opened: Record<string, string[]> = {};
    for (const role of ['admin', 'admin_viewer', 'SUPPORT_AGENT'] as const) {
      const person = await addPerson(gatehouse, partner, [role]);
      const held = new Set<string>(getSystemRole(role).permissions);
      opened[role] = [];
      for (const route of routes().filter(isProtected)) {
        if (!route.url.includes(':tenantId')) continue;
        const isReading = ['GET', 'HEAD'].includes(route.method);
        const answer = await call(gatehouse, person.token, {
          method: route.method,
          url: fillRoute(route.url, { id: newId(), tenantId: customer }),
          ...(!isReading && { body: { 'no-such-member': 1 } }),
        });
        const where = `${route.method} ${route.url} as ${role}: ${answer.text}`;
        // Inside, the id of nobody is told in other words; to HEAD nothing is told.
        if (route.method === 'HEAD' && answer.status === 404) continue;
        const isOutside = answer.status === 404 && answer.text.includes('no such tenant for you');
        const mayLook = held.has('customers:operate') || held.has('customers:read');
        expect(isOutside, where).toBe(!mayLook);
        if (!mayLook) continue;
        const asked = route.access.anyOf.parent;
        // Taking data away in bulk is no reading, though it is a GET.
        const onlyReads = isReading && asked.every((permission) => permission.endsWith(':read'));
        const mayEnter = held.has('customers:operate') || onlyReads;
        const permitted = mayEnter && asked.some((permission) => held.has(permission));
        expect(answer.status === 403, where).toBe(!permitted);
        if (permitted) opened[role].push(`${route.method} ${route.url}`);
        // To HEAD nothing is told.
        const told = !permitted && route.method !== 'HEAD';
        const lacks = mayEnter ? asked[0] : 'customers:operate';
        expect(answer.body.missingPermission, where).toBe(told ? lacks : undefined);
      }
    }
    expect(opened['admin']?.length).toBeGreaterThan(30);
    // Spec R1: the viewer reads what the administrator reads, and exports nothing.
    expect(opened['admin_viewer']).toEqual(
      opened['admin']?.filter((route) => /^(GET|HEAD) (?!.*\/export$)/.test(route)),
    );
    expect(opened['admin_viewer']?.length).toBeGreaterThan(20);
    expect(opened['SUPPORT_AGENT']).toEqual([]);
  });

  it('opens the public routes to anybody, each for a reason that is written down', async () => {
    const open = routes().filter((route) => route.access.kind === 'public');
    expect(open.length).toBeGreaterThan(10);
    for (const route of open) {
      expect(route.access.kind === 'public' && route.access.reason, route.url).toMatch(/\w+ \w+/);
      const answer = await request(route, undefined);
      expect(answer.status, `${route.method} ${route.url}: ${answer.text}`).toBeLessThan(500);
      expect(answer.body.code, route.url).not.toBe('auth.unauthenticated');
    }
  });

  it('changes nothing over GET and HEAD: no route that reads needs a permission to change', () => {
    for (const route of routes().filter(isProtected)) {
      if (route.method !== 'GET' && route.method !== 'HEAD') continue;
      for (const permission of Object.values(route.access.anyOf).flat())
        expect(permission, route.url).toMatch(/:(read|export|evaluate)$/);
    }
  });

  it('refuses to start with a route that does not declare its access [threat 75]', async () => {
    const app = await buildApp(gatehouse.server.deps, pino({ level: 'silent' }));
    expect(() => app.get('/undeclared', async () => 'open')).toThrow(
      /GET \/undeclared does not declare config\.access/,
    );
    await app
      .register(async (inner) => {
        inner.post('/undeclared', { config: {} }, async () => 'open');
      })
      .then(
        () => expect.unreachable('the plugin was taken'),
        (error: unknown) => expect(String(error)).toContain('does not declare config.access'),
      );
    await app.close();
  });
});

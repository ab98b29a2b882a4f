import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { createMaintenance } from '../maintenance/index.ts';
import { newId, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Person;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  admin = await addPerson(gatehouse, tenantId, ['admin']);
});
afterAll(() => gatehouse.close());

const give = (to: Person, role: string, more: object = {}) =>
  call(gatehouse, admin.token, {
    method: 'POST',
    url: '/api/v1/role-assignments',
    body: { principalId: to.principalId, role, ...more },
  });
const takeAway = (id: unknown) =>
  call(gatehouse, admin.token, { method: 'DELETE', url: `/api/v1/role-assignments/${String(id)}` });
const meOf = async (who: Person) =>
  (await call(gatehouse, who.token, { method: 'GET', url: '/api/v1/auth/me' })).body;
const inMinutes = (minutes: number) =>
  new Date(gatehouse.clock.now().getTime() + minutes * 60_000).toISOString();

/** What the principals say, beside what the assignments say. */
const differences = () =>
  gatehouse.sql(
    `select p.id from gatehouse.principals p
     left join lateral (
       select array_agg(distinct r.name order by r.name) as names,
              array_agg(distinct r.id order by r.id) filter (where r.tenant_id is not null) as own, min(a.expires_at) as until
       from gatehouse.held_roles a join gatehouse.roles r on r.id = a.role_id
       where a.tenant_id = p.tenant_id and a.principal_id = p.id) held on true
     where p.role_names <> coalesce(held.names, '{}') or p.own_role_ids <> coalesce(held.own, '{}')
        or p.roles_until is distinct from held.until`,
  );

describe('what a principal says of its roles', () => {
  it('is what its assignments say, whatever was given, prolonged, taken away or left behind', async () => {
    const person = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    const support = await give(person, 'SUPPORT_AGENT', { expiresAt: inMinutes(5) });
    const own = newId();
    await gatehouse.sql(
      `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) values ($1, $2, 'packer', 'Packer', '', 'other')`,
      [own, tenantId],
    );
    await give(person, 'packer');
    expect(await differences()).toEqual([]);
    await give(person, 'SUPPORT_AGENT');
    expect(await differences()).toEqual([]);
    await takeAway(support.body.id);
    expect(await differences()).toEqual([]);
    const [row] = await gatehouse.sql<{ role_names: string[]; own_role_ids: string[] }>(
      'select role_names, own_role_ids from gatehouse.principals where id = $1',
      [person.principalId],
    );
    expect(row).toEqual({ role_names: ['SALES_REP', 'packer'], own_role_ids: [own] });
  });

  it('is complete when many roles come and go at once', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const roles = ['SALES_REP', 'SALES_MANAGER', 'SUPPORT_AGENT', 'NOC_OPERATOR', 'FINANCE_ANALYST'];
    const given = await Promise.all(roles.map((role) => give(person, role)));
    expect(given.map(({ status }) => status)).toEqual(roles.map(() => 201));
    expect((await meOf(person)).roles).toEqual([...roles].sort());
    await Promise.all([...given.slice(1).map(({ body }) => takeAway(body.id)), give(person, 'EXECUTIVE')]);
    expect((await meOf(person)).roles).toEqual(['EXECUTIVE', 'SALES_REP']);
    expect(await differences()).toEqual([]);
  });

  it('has what groups bring, whoever comes and goes and whatever the group is given and loses, at once', async () => {
    const people = await Promise.all([1, 2, 3].map(() => addPerson(gatehouse, tenantId, ['SALES_REP'])));
    const act = (method: string, url: string, body?: unknown) =>
      call(gatehouse, admin.token, { method, url: `/api/v1${url}`, body });
    const groups = await Promise.all(
      ['One', 'Two'].map(async (name) => String((await act('POST', '/groups', { name })).body.id)),
    );
    const roles = ['SUPPORT_AGENT', 'NOC_OPERATOR'];
    const answers = await Promise.all(
      groups.flatMap((group) => [
        ...people.map(({ principalId }) => act('POST', `/groups/${group}/members`, { principalId })),
        ...roles.map((role) => act('POST', '/role-assignments', { principalId: group, role })),
      ]),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    for (const person of people)
      expect((await meOf(person)).roles).toEqual(['NOC_OPERATOR', 'SALES_REP', 'SUPPORT_AGENT']);
    expect(await differences()).toEqual([]);
    const given = answers.filter(({ body }) => body.role !== undefined).map(({ body }) => body.id);
    await Promise.all([
      ...given.slice(0, 2).map(takeAway),
      act('DELETE', `/groups/${groups[1]}`),
      act('DELETE', `/groups/${groups[0]}/members/${people[0]?.principalId}`),
      give(people[1] as Person, 'EXECUTIVE'),
    ]);
    expect(await differences()).toEqual([]);
    for (const person of people)
      expect((await meOf(person)).roles).toEqual(
        person === people[1] ? ['EXECUTIVE', 'SALES_REP'] : ['SALES_REP'],
      );
  });

  it('forgets what has ended through a group, for each of its members', async () => {
    const people = [await addPerson(gatehouse, tenantId, []), await addPerson(gatehouse, tenantId, [])];
    const act = (method: string, url: string, body?: unknown) =>
      call(gatehouse, admin.token, { method, url: `/api/v1${url}`, body });
    const group = String((await act('POST', '/groups', { name: 'For a minute' })).body.id);
    for (const { principalId } of people) await act('POST', `/groups/${group}/members`, { principalId });
    await act('POST', '/role-assignments', {
      principalId: group,
      role: 'EXECUTIVE',
      expiresAt: inMinutes(1),
    });
    for (const person of people) expect((await meOf(person)).roles).toEqual(['EXECUTIVE']);
    gatehouse.clock.advance({ minutes: 2 });
    for (const person of people) expect(await meOf(person)).toMatchObject({ roles: [], permissions: [] });
    await createMaintenance(gatehouse.server.deps).run();
    const carried = await gatehouse.sql(
      'select role_names, roles_until from gatehouse.principals where id = any($1)',
      [[group, ...people.map(({ principalId }) => principalId)]],
    );
    expect(carried).toEqual([0, 1, 2].map(() => ({ role_names: [], roles_until: null })));
  });

  it('ends with the role that ends: in `me`, and in the token of the next renewal', async () => {
    const person = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    await give(person, 'SUPPORT_AGENT', { expiresAt: inMinutes(1) });
    const browser = gatehouse.browser();
    browser.cookies.set('__Secure-gh.console.rt', person.opened.refreshToken);
    const rolesInToken = async () => {
      expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
      const [, claims] = (browser.cookies.get('__Host-gh.console.at') ?? '').split('.');
      return (JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as { roles: string[] }).roles;
    };
    expect(await rolesInToken()).toEqual(['SALES_REP', 'SUPPORT_AGENT']);
    gatehouse.clock.advance({ seconds: 61 });
    expect(await rolesInToken()).toEqual(['SALES_REP']);
    expect((await meOf(person)).roles).toEqual(['SALES_REP']);
  });

  it('forgets what has ended, so that the sessions are checked the quick way again', async () => {
    const person = await addPerson(gatehouse, tenantId, ['SALES_REP']);
    await give(person, 'SUPPORT_AGENT', { expiresAt: inMinutes(1) });
    await give(person, 'NOC_OPERATOR', { expiresAt: inMinutes(90) });
    const carried = async () =>
      (
        await gatehouse.sql<{ role_names: string[]; roles_until: Date | null }>(
          'select role_names, roles_until from gatehouse.principals where id = $1',
          [person.principalId],
        )
      )[0];
    const maintenance = createMaintenance(gatehouse.server.deps);
    gatehouse.clock.advance({ minutes: 2 });
    const later = new Date(gatehouse.clock.now().getTime() + 88 * 60_000);
    await maintenance.run();
    expect(await carried()).toEqual({ role_names: ['NOC_OPERATOR', 'SALES_REP'], roles_until: later });
    expect((await meOf(person)).roles).toEqual(['NOC_OPERATOR', 'SALES_REP']);
    gatehouse.clock.advance({ minutes: 89 });
    await maintenance.run();
    expect(await carried()).toEqual({ role_names: ['SALES_REP'], roles_until: null });
    const listed = await gatehouse.sql('select from gatehouse.role_assignments where principal_id = $1', [
      person.principalId,
    ]);
    expect(listed).toHaveLength(3);
  });

  it('never lets an own role pass for the built-in one that a later release calls by its name [threat 72]', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    await gatehouse.sql(
      `insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) values ($1, $2, 'admin_viewer', 'Mine', '', 'own')`,
      [newId(), tenantId],
    );
    await gatehouse.sql(
      `insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at)
       select $1, $2, id, $3, 'direct', now() from gatehouse.roles where tenant_id = $1 and name = 'admin_viewer'`,
      [tenantId, person.principalId, newId()],
    );
    gatehouse.clock.advance({ seconds: 1 });
    expect(await meOf(person)).toMatchObject({ roles: [], permissions: [] });
  });

  it('cannot be written by the application’s own role [threat 72]', async () => {
    const grants = await gatehouse.sql(
      `select column_name from information_schema.column_privileges where table_schema = 'gatehouse' and table_name = 'principals'
       and grantee in ('gatehouse_app', 'gatehouse_system', 'gatehouse_session') and privilege_type in ('INSERT', 'UPDATE')
       and column_name in ('role_names', 'own_role_ids', 'roles_until')`,
    );
    expect(grants).toEqual([]);
  });
});

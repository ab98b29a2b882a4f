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
const makeGroup = async (roles: string[] = [], more: object = {}) => {
  const answer = await as(admin, 'POST', '/groups', { name: `Group ${(made += 1)}` });
  expect(answer.status, answer.text).toBe(201);
  const id = String(answer.body.id);
  for (const role of roles)
    expect((await as(admin, 'POST', '/role-assignments', { principalId: id, role, ...more })).status).toBe(
      201,
    );
  return id;
};
const add = (who: Person, group: string, { principalId }: { principalId: string }) =>
  as(who, 'POST', `/groups/${group}/members`, { principalId });
const remove = (who: Person, group: string, { principalId }: { principalId: string }) =>
  as(who, 'DELETE', `/groups/${group}/members/${principalId}`);
const mayDo = async (who: Person) => (await as(who, 'GET', '/auth/me')).body.permissions as string[];
const inMinutes = (minutes: number) =>
  new Date(gatehouse.clock.now().getTime() + minutes * 60_000).toISOString();
/** Somebody who may give roles and holds these permissions, until a time where one is told. */
async function granter(permissions: string[], expiresAt?: string): Promise<Person> {
  const person = await addPerson(gatehouse, tenantId, []);
  const give = async (held: string[], more: object = {}) => {
    const name = `granter_${(made += 1)}`;
    await as(admin, 'POST', '/roles', { name, title: name, permissions: held });
    await as(admin, 'POST', '/role-assignments', { principalId: person.principalId, role: name, ...more });
  };
  await give(['roles:assign', 'groups:read', 'groups:delete']);
  if (permissions.length > 0) await give(permissions, expiresAt === undefined ? {} : { expiresAt });
  return person;
}
const place = async () =>
  (await gatehouse.sql<{ seq: string }>('select coalesce(max(seq), 0) as seq from gatehouse.revocations'))[0]
    ?.seq;
const toldOf = async (since: string | undefined) =>
  (
    await gatehouse.sql<{ subject_id: string }>(
      `select subject_id from gatehouse.revocations where tenant_id = $1 and kind = 'principal' and seq > $2 order by subject_id`,
      [tenantId, since],
    )
  ).map((row) => row.subject_id);

describe('a group', () => {
  it('gives its members its roles at their next request, and takes them back', async () => {
    const group = await makeGroup(['SUPPORT_AGENT']);
    const [one, two] = [
      await addPerson(gatehouse, tenantId, ['EXECUTIVE']),
      await addPerson(gatehouse, tenantId, []),
    ];
    expect(await mayDo(two)).toEqual([]);
    const joined = await add(admin, group, one);
    expect([joined.status, joined.body]).toMatchObject([
      201,
      { principalId: one.principalId, userId: one.userId, kind: 'member', email: one.email },
    ]);
    await add(admin, group, two);
    expect((await add(admin, group, two)).status).toBe(200);
    expect((await as(one, 'GET', '/auth/me')).body.roles).toEqual(['EXECUTIVE', 'SUPPORT_AGENT']);
    expect((await as(two, 'GET', '/users')).status).toBe(200);
    const listed = (await as(admin, 'GET', '/users?limit=200')).body.items as {
      id: string;
      roles: string[];
    }[];
    expect(listed.find(({ id }) => id === two.userId)?.roles).toEqual(['SUPPORT_AGENT']);

    const before = await place();
    const more = await as(admin, 'POST', '/role-assignments', { principalId: group, role: 'NOC_OPERATOR' });
    expect(await mayDo(two)).toContain('metrics:read');
    expect(await toldOf(before)).toEqual([one.principalId, two.principalId].sort());
    await as(admin, 'DELETE', `/role-assignments/${String(more.body.id)}`);
    expect(await mayDo(two)).not.toContain('metrics:read');
    expect((await remove(admin, group, two)).status).toBe(204);
    expect(await mayDo(two)).toEqual([]);
    expect((await remove(admin, group, two)).status).toBe(404);
    const last = await place();
    expect((await as(admin, 'DELETE', `/groups/${group}`)).status).toBe(204);
    expect(await toldOf(last)).toEqual([one.principalId]);
    expect((await as(one, 'GET', '/auth/me')).body.roles).toEqual(['EXECUTIVE']);
    const records = await gatehouse.sql<{ action: string }>(
      'select action from gatehouse.audit_records where tenant_id = $1 and resource_id = $2 order by id',
      [tenantId, group],
    );
    expect(records.map(({ action }) => action)).toEqual([
      'group_created',
      'role_assigned',
      'group_member_added',
      'group_member_added',
      'role_assigned',
      'role_removed',
      'group_member_removed',
      'group_deleted',
    ]);
  });

  it('counts in the token of the next renewal, and for as long as its role does', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    await add(admin, await makeGroup(['SALES_REP'], { expiresAt: inMinutes(1) }), person);
    const browser = gatehouse.browser();
    browser.cookies.set('__Secure-gh.console.rt', person.opened.refreshToken);
    const rolesInToken = async () => {
      expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
      const [, claims] = (browser.cookies.get('__Host-gh.console.at') ?? '').split('.');
      return (JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as { roles: string[] }).roles;
    };
    expect(await rolesInToken()).toEqual(['SALES_REP']);
    gatehouse.clock.advance({ seconds: 61 });
    expect(await rolesInToken()).toEqual([]);
  });

  it('counts for the API keys of its members, and counts no more with them', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const group = await makeGroup(['SUPPORT_AGENT', 'admin']);
    await add(admin, group, person);
    const issued = await as(person, 'POST', '/api-keys', { name: 'A script', scopes: ['users:read'] });
    expect(issued.status, issued.text).toBe(201);
    const read = async () =>
      (await call(gatehouse, String(issued.body.key), { method: 'GET', url: '/api/v1/users' })).status;
    expect(await read()).toBe(200);
    await remove(admin, group, person);
    expect(await read()).toBe(403);
  });

  it('is listed by name, renamed, and called like no other', async () => {
    const person = await addPerson(gatehouse, tenantId, []);
    const group = await makeGroup(['EXECUTIVE']);
    await add(admin, group, person);
    const changed = await as(admin, 'PATCH', `/groups/${group}`, {
      name: 'Accounting',
      description: 'Books',
    });
    expect(changed.body).toMatchObject({
      name: 'Accounting',
      description: 'Books',
      roles: ['EXECUTIVE'],
      members: 1,
    });
    expect((await as(admin, 'POST', '/groups', { name: 'ACCOUNTING' })).body.code).toBe('groups.name_in_use');
    const other = await makeGroup();
    expect((await as(admin, 'PATCH', `/groups/${other}`, { name: 'accounting' })).body.code).toBe(
      'groups.name_in_use',
    );
    const names = (await as(admin, 'GET', '/groups?limit=200')).body.items as { name: string }[];
    expect(names.map(({ name }) => name)).toEqual(
      names.map(({ name }) => name).toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    );
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await as(admin, 'GET', `/groups?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...(page.body.items as { name: string }[]).map(({ name }) => name));
      cursor = page.body.nextCursor as string | null;
    }
    expect(seen).toEqual(names.map(({ name }) => name));
    const mine = (await as(admin, 'GET', `/groups?principalId=${person.principalId}`)).body.items;
    expect(mine).toMatchObject([{ id: group }]);
    const members = (await as(admin, 'GET', `/groups/${group}/members`)).body.items;
    expect(members).toMatchObject([{ principalId: person.principalId }]);
    for (const body of [
      { name: '' },
      { name: 'X', roles: ['admin'] },
      { name: 'X', members: [person.principalId] },
    ])
      expect((await as(admin, 'POST', '/groups', body)).status).toBe(400);
  });

  it('holds members alone: no group, nobody who is invited, nobody of another tenant', async () => {
    const group = await makeGroup(['SALES_REP']);
    const { tenantId: other } = await registerTenant(gatehouse, 'Other', 'first@other.example');
    const stranger = await addPerson(gatehouse, other, ['admin']);
    const invited = await as(admin, 'POST', '/invitations', { email: 'new@acme.example', roles: [] });
    for (const principalId of [
      group,
      await makeGroup(),
      stranger.principalId,
      newId(),
      String(invited.body.id),
    ])
      expect((await add(admin, group, { principalId })).body.code, principalId).toBe('resource.not_found');
    for (const [method, url, body] of [
      ['GET', `/groups/${group}`],
      ['GET', `/groups/${group}/members`],
      ['PATCH', `/groups/${group}`, { name: 'X' }],
      ['DELETE', `/groups/${group}`],
      ['POST', `/groups/${group}/members`, { principalId: stranger.principalId }],
      ['DELETE', `/groups/${group}/members/${stranger.principalId}`],
    ] as const)
      expect((await as(stranger, method, url, body)).status, `${method} ${url}`).toBe(404);
  });
});

describe('the grant rule', () => {
  it('holds for who joins and who leaves: nobody gives or takes with a group what they do not hold [threat 72]', async () => {
    const group = await makeGroup(['admin']);
    const [inside, outside] = [
      await addPerson(gatehouse, tenantId, []),
      await addPerson(gatehouse, tenantId, []),
    ];
    await add(admin, group, inside);
    const who = await granter(['users:read']);
    for (const answer of [
      await add(who, group, outside),
      await add(who, group, who),
      await remove(who, group, inside),
      await as(who, 'DELETE', `/groups/${group}`),
      await as(who, 'POST', '/role-assignments', { principalId: group, role: 'EXECUTIVE' }),
    ])
      expect([answer.status, answer.body.code]).toEqual([403, 'access.grant_exceeds_own']);
    expect(await mayDo(outside)).toEqual([]);
    expect(await mayDo(inside)).toContain('users:delete');
    const plain = await makeGroup();
    expect((await add(who, plain, outside)).status).toBe(201);
    expect((await as(who, 'DELETE', `/groups/${plain}`)).status).toBe(204);
    const viewer = await addPerson(gatehouse, tenantId, ['admin_viewer']);
    expect((await add(viewer, await makeGroup(), viewer)).body.code).toBe('access.denied');
  });

  it('counts what somebody holds through a group, and until when [threat 72]', async () => {
    const holder = await granter([]);
    const group = await makeGroup(['SUPPORT_AGENT'], { expiresAt: inMinutes(30) });
    const target = await addPerson(gatehouse, tenantId, []);
    const give = (more: object = {}) =>
      as(holder, 'POST', '/role-assignments', {
        principalId: target.principalId,
        role: 'SUPPORT_AGENT',
        ...more,
      });
    expect((await give()).body.code).toBe('access.grant_exceeds_own');
    await add(admin, group, holder);
    expect((await give()).body.code).toBe('access.grant_exceeds_own');
    expect((await give({ expiresAt: inMinutes(40) })).body.code).toBe('access.grant_exceeds_own');
    expect((await give({ expiresAt: inMinutes(20) })).status).toBe(201);
    // A group that holds it for longer is not for who holds it for less long.
    const forGood = await makeGroup(['SUPPORT_AGENT']);
    expect((await add(holder, forGood, target)).body.code).toBe('access.grant_exceeds_own');
    expect((await add(holder, group, target)).status).toBe(201);
    expect((await remove(holder, group, holder)).status).toBe(204);
    expect((await give({ expiresAt: inMinutes(10) })).body.code).toBe('access.grant_exceeds_own');
  });

  it('is judged by who they are for somebody from above, and PLATFORM_ADMIN stays in the root tenant', async () => {
    const group = await makeGroup(['EXECUTIVE']);
    const person = await addPerson(gatehouse, tenantId, []);
    const at = `/tenants/${tenantId}`;
    expect(
      (await as(platform, 'POST', `${at}/groups/${group}/members`, { principalId: person.principalId }))
        .status,
    ).toBe(201);
    const refused = await as(platform, 'POST', `${at}/role-assignments`, {
      principalId: group,
      role: 'PLATFORM_ADMIN',
    });
    expect(refused.body.code).toBe('roles.root_only');
  });

  it('keeps a tenant an administrator by an assignment of their own: one through a group does not count', async () => {
    const { tenantId: small } = await registerTenant(gatehouse, 'Small', 'first@small.example');
    const first = (
      await gatehouse.sql<{ id: string; principal_id: string }>(
        'select id, principal_id from gatehouse.role_assignments where tenant_id = $1',
        [small],
      )
    )[0];
    const second = await addPerson(gatehouse, small, []);
    const group = String(
      (await as(platform, 'POST', `/tenants/${small}/groups`, { name: 'Admins' })).body.id,
    );
    const at = `/tenants/${small}`;
    await as(platform, 'POST', `${at}/role-assignments`, { principalId: group, role: 'admin' });
    await as(platform, 'POST', `${at}/groups/${group}/members`, { principalId: second.principalId });
    expect((await as(second, 'DELETE', `/role-assignments/${first?.id}`)).body.code).toBe(
      'users.last_administrator',
    );
    expect((await as(second, 'DELETE', `/groups/${group}`)).status).toBe(204);
    expect(await mayDo(second)).toEqual([]);
  });

  it('makes somebody whom a group raises one who stands above, for those who act on people [threat 72]', async () => {
    const target = await addPerson(gatehouse, tenantId, []);
    const name = `suspender_${(made += 1)}`;
    await as(admin, 'POST', '/roles', { name, title: 'X', permissions: ['users:read', 'users:suspend'] });
    const actor = await addPerson(gatehouse, tenantId, []);
    await as(admin, 'POST', '/role-assignments', { principalId: actor.principalId, role: name });
    await add(admin, await makeGroup(['admin']), target);
    const refused = await as(actor, 'POST', `/users/${target.userId}/suspend`);
    expect([refused.status, refused.body.code]).toEqual([403, 'access.denied']);
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { newId, type TenantId } from '../../platform/ids.ts';

/**
 * Nobody can grant what they do not hold, on whichever way (spec R2, threat 72): random roles, groups and holders, then random acts over
 * the API, each answered as a model says that knows the rule and nothing of the program. A way that is new gets an act in `WAYS`.
 */
const RIGHTS = ['users:read', 'users:delete', 'audit:export', 'billing:manage'] as const;
/** What is needed to ask at all; every role has it, so that the grant rule alone decides. */
const TO_ASK = [
  'roles:assign',
  'roles:read',
  'roles:create',
  'roles:update',
  'groups:delete',
  'invitations:create',
  'connections:create',
  'connections:update',
  'api_keys:create',
] as const;
const PEOPLE = 4;
const GROUPS = 2;
const ROLES = 4;
const WAYS = ['grant', 'grant to a group', 'join', 'leave', 'edit', 'make', 'invite', 'map', 'key'] as const;

let gatehouse: TestServer;
let tenantId: TenantId;
let people: Person[];
const groups = Array.from({ length: GROUPS }, () => newId());

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  people = [];
  for (let i = 0; i < PEOPLE; i += 1) people.push(await addPerson(gatehouse, tenantId, []));
  for (const [i, id] of groups.entries())
    await gatehouse.sql(
      `with p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'group', now()) returning id)
       insert into gatehouse.groups (tenant_id, id, name, description, created_at, updated_at) select $1, id, $3, '', now(), now() from p`,
      [tenantId, id, `Group ${i}`],
    );
});
afterAll(() => gatehouse.close());

const rights = fc.subarray([...RIGHTS]);
const pairs = (most: number, other: number) =>
  fc.uniqueArray(fc.tuple(fc.nat(most - 1), fc.nat(other - 1)), { maxLength: 4, selector: String });
const graph = fc.record({
  roles: fc.array(rights, { minLength: ROLES, maxLength: ROLES }),
  /** Who holds which role, and which group does. */
  held: pairs(PEOPLE, ROLES),
  heldByGroups: pairs(GROUPS, ROLES),
  members: pairs(GROUPS, PEOPLE),
  steps: fc.array(
    fc.record({
      way: fc.constantFrom(...WAYS, 'leave' as const),
      by: fc.nat(PEOPLE - 1),
      to: fc.nat(PEOPLE - 1),
      group: fc.nat(GROUPS - 1),
      role: fc.nat(ROLES - 1),
      rights,
    }),
    { minLength: 6, maxLength: 14 },
  ),
});
type Graph = typeof graph extends fc.Arbitrary<infer G> ? G : never;
type Step = Graph['steps'][number];

let run = 0;
let roleIds: string[] = [];
const nameOf = (role: number) => `r${run}_${role}`;

/** The graph as rows, past every rule. */
async function write({ roles, held, heldByGroups, members }: Graph): Promise<void> {
  run += 1;
  roleIds = roles.map(() => newId());
  const principals = [...people.map(({ principalId }) => principalId), ...groups];
  await gatehouse.sql(
    `with a as (delete from gatehouse.role_assignments where tenant_id = $1 and principal_id = any($2)),
       m as (delete from gatehouse.group_members where tenant_id = $1),
       k as (delete from gatehouse.api_keys where tenant_id = $1)
     delete from gatehouse.connections where tenant_id = $1`,
    [tenantId, principals],
  );
  const holders = [
    ...held.map(([who, role]) => ({ id: newId(), who: people[who]?.principalId, role: roleIds[role] })),
    ...heldByGroups.map(([who, role]) => ({ id: newId(), who: groups[who], role: roleIds[role] })),
  ];
  await gatehouse.sql(
    `with r as (select * from jsonb_to_recordset($2) as r(id uuid, name text, permissions text[])),
       made as (insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) select id, $1, name, '', '', 'own' from r),
       filled as (insert into gatehouse.role_permissions (role_id, tenant_id, permission) select id, $1, unnest(permissions) from r),
       joined as (insert into gatehouse.group_members (tenant_id, group_id, principal_id, added_at)
         select $1, m.g, m.p, now() from jsonb_to_recordset($4) as m(g uuid, p uuid))
     insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at)
       select $1, h.who, h.role, h.id, 'direct', now() from jsonb_to_recordset($3) as h(id uuid, who uuid, role uuid)`,
    [
      tenantId,
      JSON.stringify(
        roles.map((of, i) => ({ id: roleIds[i], name: nameOf(i), permissions: [...of, ...TO_ASK] })),
      ),
      JSON.stringify(holders),
      JSON.stringify(members.map(([g, p]) => ({ g: groups[g], p: people[p]?.principalId }))),
    ],
  );
  // What changes behind the server's back is seen within half a second.
  gatehouse.clock.advance({ seconds: 1 });
}

/** The rule, and who holds what by it. */
function model(of: Graph) {
  const roles = of.roles.map((list) => new Set<string>([...list, ...TO_ASK]));
  const set = (list: readonly [number, number][], who: number) =>
    new Set(list.filter(([one]) => one === who).map(([, other]) => other));
  const own = people.map((_, who) => set(of.held, who));
  const ofGroup = groups.map((_, group) => set(of.heldByGroups, group));
  const members = groups.map((_, group) => set(of.members, group));
  const holds = (who: number): Set<string> => {
    const through = ofGroup.flatMap((list, group) => (members[group]?.has(who) ? [...list] : []));
    return new Set([...(own[who] ?? []), ...through].flatMap((role) => [...(roles[role] ?? [])]));
  };
  const covers = (who: number, wanted: Iterable<string>) => {
    const held = holds(who);
    return [...wanted].every((right) => held.has(right));
  };
  const rightsOf = (list: Iterable<number>) => [...list].flatMap((role) => [...(roles[role] ?? [])]);
  return {
    holds,
    /** The status that the API must answer with, and what is different afterwards. */
    predict(step: Step): [number, () => void] {
      const { way, by, to, group, role } = step;
      const nothing = () => undefined;
      if (holds(by).size === 0) return [403, nothing];
      const wanted = roles[role] ?? new Set();
      switch (way) {
        case 'grant':
          if (!covers(by, wanted)) return [403, nothing];
          return [own[to]?.has(role) ? 200 : 201, () => own[to]?.add(role)];
        case 'grant to a group':
          if (!covers(by, wanted)) return [403, nothing];
          return [ofGroup[group]?.has(role) ? 200 : 201, () => ofGroup[group]?.add(role)];
        case 'join':
          if (!covers(by, rightsOf(ofGroup[group] ?? []))) return [403, nothing];
          return [members[group]?.has(to) ? 200 : 201, () => members[group]?.add(to)];
        case 'leave':
          if (!members[group]?.has(to)) return [404, nothing];
          if (!covers(by, rightsOf(ofGroup[group] ?? []))) return [403, nothing];
          return [204, () => members[group]?.delete(to)];
        case 'edit': {
          const after = new Set<string>([...step.rights, ...TO_ASK]);
          const touched = [...after, ...wanted].filter((right) => after.has(right) !== wanted.has(right));
          if (!covers(by, touched)) return [403, nothing];
          return [200, () => void (roles[role] = after)];
        }
        case 'make':
        case 'key':
          return [covers(by, step.rights) ? 201 : 403, nothing];
        case 'invite':
        case 'map':
          return [covers(by, wanted) ? 201 : 403, nothing];
      }
    },
  };
}

let made = 0;
/** The step over the API; resolves to the status. */
async function take({ way, by, to, group, role, rights: some }: Step): Promise<number> {
  const [actor, target, groupId] = [people[by], people[to], groups[group]];
  if (!actor || !target || groupId === undefined) throw new Error('there are as many');
  const ask = async (method: 'POST' | 'PATCH' | 'DELETE', url: string, body?: object) =>
    (await call(gatehouse, actor.token, { method, url: `/api/v1${url}`, body })).status;
  made += 1;
  switch (way) {
    case 'grant':
      return ask('POST', '/role-assignments', { principalId: target.principalId, role: nameOf(role) });
    case 'grant to a group':
      return ask('POST', '/role-assignments', { principalId: groupId, role: nameOf(role) });
    case 'join':
      return ask('POST', `/groups/${groupId}/members`, { principalId: target.principalId });
    case 'leave':
      return ask('DELETE', `/groups/${groupId}/members/${target.principalId}`);
    case 'edit':
      return ask('PATCH', `/roles/${roleIds[role]}`, { permissions: [...some, ...TO_ASK] });
    case 'make':
      return ask('POST', '/roles', { name: `made_${made}`, title: 'Made', permissions: some });
    case 'invite':
      return ask('POST', '/invitations', { email: `guest-${made}@acme.example`, roles: [nameOf(role)] });
    case 'map':
      return ask('POST', '/connections', {
        kind: 'github',
        name: `Provider ${made}`,
        clientId: 'gatehouse',
        clientSecret: 'a-secret-of-the-provider',
        groupsClaim: 'groups',
        roles: [{ value: 'staff', role: nameOf(role) }],
      });
    case 'key':
      return ask('POST', '/api-keys', { name: `Key ${made}`, scopes: some });
  }
}

describe('every way to a permission', () => {
  it('lets nobody come to hold what whoever opened it did not hold [threat 72]', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(graph, async (of) => {
        await write(of);
        const { holds, predict } = model(of);
        const before = new Set(people.flatMap((_, who) => [...holds(who)]));
        for (const step of of.steps) {
          const [expected, apply] = predict(step);
          const status = await take(step);
          expect(status, JSON.stringify(step)).toBe(expected);
          apply();
          const key = `${step.way} ${status < 300 ? 'done' : 'refused'}`;
          outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
        }
        for (const [who, person] of people.entries()) {
          const me = await call(gatehouse, person.token, { method: 'GET', url: '/api/v1/auth/me' });
          const now = (me.body.permissions as string[]).toSorted();
          expect(now).toEqual([...holds(who)].toSorted());
          // Whatever is new with somebody was somebody's before: rights spread, and never arise.
          for (const right of now) expect(before.has(right)).toBe(true);
        }
      }),
      { numRuns: 40, seed: 20_261_122 },
    );
    // A way that was never gone, or never refused, would have been tried for nothing.
    for (const way of WAYS)
      for (const end of ['done', 'refused'])
        expect(outcomes.get(`${way} ${end}`) ?? 0, `${way} ${end}`).toBeGreaterThan(1);
  });
});

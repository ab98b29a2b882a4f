import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, type Person, registerTenant } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

/**
 * Nobody can grant what they do not hold (spec R2, threat 72): random roles, random holders, random grants and revocations
 * over the API, beside a model that knows the rule and nothing of the program.
 */
const RIGHTS = ['users:read', 'users:delete', 'audit:export', 'clients:create', 'billing:manage'] as const;
/** What is needed to ask at all; every role has it, so that the grant rule alone decides. */
const TO_ASK = ['roles:assign', 'roles:read'] as const;
const PEOPLE = 5;
const ROLES = 5;

let gatehouse: TestServer;
let tenantId: TenantId;
let people: Person[];
let keeper: Person;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', 'first@acme.example'));
  people = [];
  for (let i = 0; i < PEOPLE; i += 1) people.push(await addPerson(gatehouse, tenantId, []));
  keeper = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
});
afterAll(() => gatehouse.close());

const graph = fc.record({
  /** What each role holds, and whether it lets its holder give roles. */
  roles: fc.array(fc.subarray([...RIGHTS]), { minLength: ROLES, maxLength: ROLES }),
  /** Who holds what at the beginning. */
  held: fc.uniqueArray(fc.tuple(fc.nat(PEOPLE - 1), fc.nat(ROLES - 1)), { maxLength: 8, selector: String }),
  steps: fc.array(
    fc.record({
      act: fc.constantFrom('grant', 'grant', 'revoke'),
      by: fc.nat(PEOPLE - 1),
      to: fc.nat(PEOPLE - 1),
      role: fc.nat(ROLES - 1),
    }),
    { minLength: 4, maxLength: 14 },
  ),
});
type Graph = typeof graph extends fc.Arbitrary<infer G> ? G : never;

/** The graph as rows, past every rule. */
async function write({ roles, held }: Graph): Promise<void> {
  const principals = people.map(({ principalId }) => principalId);
  await gatehouse.sql(
    `with gone as (delete from gatehouse.role_assignments where tenant_id = $1 and principal_id = any($2))
     delete from gatehouse.roles where tenant_id = $1`,
    [tenantId, principals],
  );
  const rows = roles.map((rights, i) => ({
    id: newId(),
    name: `r${i}`,
    permissions: [...rights, ...TO_ASK],
    holders: held.filter(([, role]) => role === i).map(([who]) => ({ id: newId(), who: principals[who] })),
  }));
  await gatehouse.sql(
    `with r as (select * from jsonb_to_recordset($2) as r(id uuid, name text, permissions text[], holders jsonb)),
       made as (insert into gatehouse.roles (id, tenant_id, name, title, description, role_group) select id, $1, name, '', '', 'own' from r),
       filled as (insert into gatehouse.role_permissions (role_id, tenant_id, permission) select id, $1, unnest(permissions) from r)
     insert into gatehouse.role_assignments (tenant_id, principal_id, role_id, id, via, created_at)
       select $1, h.who, r.id, h.id, 'direct', now() from r, jsonb_to_recordset(r.holders) as h(id uuid, who uuid)`,
    [tenantId, JSON.stringify(rows)],
  );
  // What changes behind the server's back is seen within half a second.
  gatehouse.clock.advance({ seconds: 1 });
}

type Step = Graph['steps'][number];

/** The rule, and who holds what by it. */
function model({ roles, held }: Graph) {
  const holds = people.map((_, who) => new Set(held.filter(([h]) => h === who).map(([, role]) => role)));
  const rights = (who: number): Set<string> =>
    new Set([...(holds[who] ?? [])].flatMap((role) => [...(roles[role] ?? []), ...TO_ASK]));
  const covers = (who: number, role: number) =>
    [...(roles[role] ?? []), ...TO_ASK].every((right) => rights(who).has(right));
  return {
    rights,
    /** The status that the API must answer with. */
    predict({ act, by, to, role }: Step): number {
      const has = holds[to]?.has(role) === true;
      if (!rights(by).has('roles:assign')) return 403;
      if (act === 'revoke' && !has) return 404;
      if (!covers(by, role)) return 403;
      if (act === 'revoke') return 204;
      return has ? 200 : 201;
    },
    apply({ to, role }: Step, status: number): void {
      if (status === 201) holds[to]?.add(role);
      if (status === 204) holds[to]?.delete(role);
    },
  };
}

/** The step over the API; resolves to the status. */
async function take({ act, by, to, role }: Step): Promise<number> {
  const [actor, target] = [people[by], people[to]];
  if (!actor || !target) throw new Error('there are five');
  const id = act === 'revoke' ? ((await assignmentOf(target, `r${role}`)) ?? newId()) : undefined;
  const body = { principalId: target.principalId, role: `r${role}` };
  const path = '/api/v1/role-assignments';
  const { status } = await call(
    gatehouse,
    actor.token,
    act === 'revoke' ? { method: 'DELETE', url: `${path}/${id}` } : { method: 'POST', url: path, body },
  );
  return status;
}

/** What the server says that somebody may do, at this moment. */
async function mayDo(who: Person): Promise<string[]> {
  const me = await call(gatehouse, who.token, { method: 'GET', url: '/api/v1/auth/me' });
  return (me.body.permissions as string[]).toSorted();
}

async function assignmentOf(who: Person, role: string): Promise<string | undefined> {
  const url = `/api/v1/tenants/${tenantId}/role-assignments?principalId=${who.principalId}`;
  const list = await call(gatehouse, keeper.token, { method: 'GET', url });
  return (list.body.items as { id: string; role: string }[]).find((one) => one.role === role)?.id;
}

describe('grants and revocations in any order', () => {
  it('never let anybody come to hold a permission that whoever gave it did not hold', async () => {
    let given = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(graph, async (of) => {
        await write(of);
        const { rights, predict, apply } = model(of);
        const before = people.map((_, who) => rights(who));
        for (const step of of.steps) {
          const expected = predict(step);
          const status = await take(step);
          expect(status, JSON.stringify(step)).toBe(expected);
          if (status === 403) refused += 1;
          if (status < 300) given += 1;
          apply(step, status);
        }
        for (const [who, person] of people.entries()) {
          const now = await mayDo(person);
          expect(now).toEqual([...rights(who)].toSorted());
          // Whatever is new with somebody was somebody's before: rights spread, and never arise.
          for (const right of now) expect(before.some((had) => had.has(right))).toBe(true);
        }
      }),
      { numRuns: 30, seed: 20_261_122 },
    );
    // A run in which nothing was given, or nothing refused, would have tried nothing.
    expect(given).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });

  it('never leave a grant standing whose granter lost the role in the same moment', async () => {
    for (let round = 0; round < 12; round += 1) {
      await write({
        roles: [['users:delete'], [], [], [], []],
        held: [
          [0, 0],
          [1, 0],
        ],
        steps: [],
      });
      const [granter, revoker, third] = people;
      if (!granter || !revoker || !third) throw new Error('there are five');
      const id = await assignmentOf(granter, 'r0');
      const body = { principalId: third.principalId, role: 'r0' };
      const [taken, given] = await Promise.all([
        call(gatehouse, revoker.token, { method: 'DELETE', url: `/api/v1/role-assignments/${id}` }),
        call(gatehouse, granter.token, { method: 'POST', url: '/api/v1/role-assignments', body }),
      ]);
      expect(taken.status).toBe(204);
      // Before the loss it stands, after it it was refused; never a third thing, and never a fault.
      expect([201, 403]).toContain(given.status);
      expect((await mayDo(third)).includes('users:delete')).toBe(given.status === 201);
    }
  });

  it('let two who take each other’s role away finish, and one of them keep it', async () => {
    for (let round = 0; round < 8; round += 1) {
      await write({
        roles: [['users:delete'], [], [], [], []],
        held: [
          [0, 0],
          [1, 0],
        ],
        steps: [],
      });
      const [one, two] = people;
      if (!one || !two) throw new Error('there are five');
      const [ofOne, ofTwo] = [await assignmentOf(one, 'r0'), await assignmentOf(two, 'r0')];
      const answers = await Promise.all([
        call(gatehouse, one.token, { method: 'DELETE', url: `/api/v1/role-assignments/${ofTwo}` }),
        call(gatehouse, two.token, { method: 'DELETE', url: `/api/v1/role-assignments/${ofOne}` }),
      ]);
      expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['204', '403']);
      expect([await mayDo(one), await mayDo(two)].filter((rights) => rights.length > 0)).toHaveLength(1);
    }
  });

  it('let the last two administrators not remove each other', async () => {
    const { tenantId: small } = await registerTenant(gatehouse, 'Small', 'first@small.example');
    const second = await addPerson(gatehouse, small, ['admin']);
    const url = `/api/v1/tenants/${small}/role-assignments`;
    const list = await call(gatehouse, keeper.token, { method: 'GET', url });
    const ids = (list.body.items as { id: string }[]).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    const answers = await Promise.all(
      ids.flatMap((id) => [
        call(gatehouse, keeper.token, { method: 'DELETE', url: `${url}/${id}` }),
        call(gatehouse, second.token, { method: 'DELETE', url: `/api/v1/role-assignments/${id}` }),
      ]),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    for (const { status } of answers) expect([204, 401, 403, 404, 409]).toContain(status);
  });
});

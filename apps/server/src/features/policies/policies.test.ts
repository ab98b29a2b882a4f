import { administrators, CALL_PERMISSION, ownData, serviceCalls } from '@gatehouse/decisions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
});

async function draft(name = 'own-data', document: object = ownData, description = 'Of users.') {
  const answer = await admin.post('/policies', { name, description, ...document });
  expect(answer.status, answer.text).toBe(201);
  return answer.body as unknown as { id: string; revision: number };
}
const publish = ({ id, revision }: { id: string; revision: number }, place = 'in_force') =>
  admin.post(`/policies/${id}/publish`, { revision, place });
/** Entries of the revocation log that tell services to fetch their bundle anew. */
const told = async () => {
  const rows = await gatehouse.sql<{ kind: string }>(
    `select kind from gatehouse.revocations where tenant_id = $1 and kind = 'access'`,
    [tenantId],
  );
  return rows.length;
};
const recorded = async (id: string) => {
  const rows = await gatehouse.sql<{ action: string }>(
    `select action from gatehouse.audit_records where tenant_id = $1 and resource_id = $2 order by occurred_at, id`,
    [tenantId, id],
  );
  return rows.map(({ action }) => action);
};
const withWhen = (when: string) => ({ ...ownData, rules: ownData.rules.map((rule) => ({ ...rule, when })) });

describe('a policy', () => {
  it('is drafted, published and in force, which services hear of and which is on record', async () => {
    const policy = await draft();
    expect(await told()).toBe(0);
    const published = await publish(policy);
    expect(published.status, published.text).toBe(200);
    expect(published.body).toMatchObject({ name: 'own-data', inForce: 1, shadow: null, latest: 1 });
    expect(await told()).toBe(1);
    const versions = await admin.get(`/policies/${policy.id}/versions`);
    expect(itemsOf(versions)).toMatchObject([{ version: 1 }]);
    expect((await admin.get(`/policies/${policy.id}/versions/1`)).body).toMatchObject({
      rules: ownData.rules,
      tests: [
        expect.objectContaining({ expect: 'allow' }),
        ...ownData.tests.slice(1).map(() => expect.anything()),
      ],
    });
    expect(await recorded(policy.id)).toEqual(['policy_created', 'policy_published']);
  });

  it('is checked against the catalog: every fault is told, with its place', async () => {
    const checked = await admin.post('/policies/check', {
      rules: [
        {
          id: 'a',
          effect: 'allow',
          resource: 'users',
          actions: ['read', 'reed'],
          when: 'subject.name ==\n  user.id',
        },
        { id: 'b', effect: 'deny', resource: 'user', actions: ['read'] },
      ],
      tests: [],
    });
    expect(checked.status, checked.text).toBe(200);
    expect(checked.body).toMatchObject({
      faults: [
        { path: '/rules/0/actions/1', message: expect.stringContaining('no action `reed`') },
        { path: '/rules/0/when', line: 1, column: 9, message: expect.stringContaining('no `name`') },
        { path: '/rules/0/when', line: 2, column: 3, message: expect.stringContaining('no `user`') },
        { path: '/rules/1/resource', message: expect.stringContaining('no resource `user`') },
      ],
      results: [],
    });
    expect(itemsOf(await admin.get('/policies'))).toEqual([]);
  });

  it('has its tests run with the reasons for each answer, and nothing changed', async () => {
    const checked = await admin.post('/policies/check', ownData);
    expect(checked.body).toMatchObject({ faults: [] });
    const results = checked.body.results as { passed: boolean; reasons: object[] }[];
    expect(results).toHaveLength(ownData.tests.length);
    expect(results.every(({ passed }) => passed)).toBe(true);
    expect(results[0]?.reasons).toMatchObject([{ kind: 'rule', rule: 'users-read-their-own-data' }]);
  });

  it('does not go into force while it has faults, has no tests, or fails one', async () => {
    const refusals = [
      ['faulty', withWhen('resource.properties.x'), 'policies.faulty'],
      ['untested', { rules: ownData.rules, tests: [] }, 'policies.untested'],
      ['failing', withWhen('resource.id != subject.id'), 'policies.tests_failed'],
    ] as const;
    for (const [name, document, code] of refusals) {
      for (const place of ['in_force', 'shadow']) {
        const policy =
          place === 'in_force' ? await draft(name, document) : await draft(`${name}-2`, document);
        const refused = await publish(policy, place);
        expect(refused.status, refused.text).toBe(409);
        expect(refused.body.code).toBe(code);
        expect((await admin.get(`/policies/${policy.id}`)).body).toMatchObject({
          inForce: null,
          latest: null,
        });
      }
    }
    const failing = await publish(await draft('failing-3', withWhen('resource.id != subject.id')));
    expect(failing.body.errors).toContainEqual({
      path: '/tests/0',
      message: 'ada reads her own record: expected allow, answered deny',
    });
    expect(await told()).toBe(0);
  });

  it('keeps its versions as they were, and goes back to an earlier one', async () => {
    const policy = await draft();
    await publish(policy);
    const changed = await admin.patch(`/policies/${policy.id}`, {
      revision: 1,
      rules: ownData.rules.map((rule) => ({ ...rule, when: 'subject.id == resource.id' })),
    });
    expect(changed.status, changed.text).toBe(200);
    expect((await publish({ id: policy.id, revision: 2 })).body).toMatchObject({ inForce: 2, latest: 2 });
    expect((await admin.get(`/policies/${policy.id}/versions/1`)).body).toMatchObject({
      rules: ownData.rules,
    });
    const back = await admin.post(`/policies/${policy.id}/place`, { version: 1, place: 'in_force' });
    expect(back.body).toMatchObject({ inForce: 1, latest: 2 });
    const none = await admin.post(`/policies/${policy.id}/place`, { version: 3, place: 'in_force' });
    expect(none.status).toBe(404);
    await expect(
      gatehouse.sql(`set role gatehouse_app; update gatehouse.policy_versions set document = '{}'`),
    ).rejects.toThrow('permission denied');
    await gatehouse.sql('reset role');
  });

  it('is published as it was seen: a draft that somebody else has changed is refused', async () => {
    const policy = await draft();
    await admin.patch(`/policies/${policy.id}`, { revision: 1, description: 'Other.' });
    expect((await publish(policy)).body.code).toBe('policies.changed');
    const late = await admin.patch(`/policies/${policy.id}`, { revision: 1, description: 'Late.' });
    expect(late.body.code).toBe('policies.changed');
  });

  it('stands in the shadow beside the one in force, and is withdrawn from each', async () => {
    const policy = await draft();
    await publish(policy);
    await publish(policy, 'shadow');
    expect((await admin.get(`/policies/${policy.id}`)).body).toMatchObject({ inForce: 1, shadow: 2 });
    await admin.post(`/policies/${policy.id}/withdraw`, { place: 'in_force' });
    await admin.post(`/policies/${policy.id}/withdraw`, { place: 'shadow' });
    expect((await admin.get(`/policies/${policy.id}`)).body).toMatchObject({
      inForce: null,
      shadow: null,
      latest: 2,
    });
    expect((await admin.delete(`/policies/${policy.id}`)).status).toBe(204);
    expect((await admin.get(`/policies/${policy.id}`)).status).toBe(404);
    expect(await recorded(policy.id)).toEqual([
      'policy_created',
      'policy_published',
      'policy_published',
      'policy_withdrawn',
      'policy_withdrawn',
      'policy_deleted',
    ]);
  });

  it('is deleted while it is in force, and services hear of it', async () => {
    const policy = await draft();
    await publish(policy);
    expect((await admin.delete(`/policies/${policy.id}`)).status).toBe(204);
    expect(await told()).toBe(2);
  });

  it('does not go into force where all of them together would take too long to decide', async () => {
    const when = Array.from(
      { length: 3 },
      (_, n) =>
        `["a", "b"].exists(x, x == subject.id || x == resource.id || x == "${n}" || x.startsWith("c"))`,
    ).join(' || ');
    const rules = Array.from({ length: 2 }, (_, n) => ({
      id: `r${n}`,
      effect: 'allow',
      resource: 'users',
      actions: ['read'],
      when,
    }));
    const tests = [{ ...ownData.tests[1], name: 'nobody', expect: 'deny' }];
    const answers = [];
    for (const name of ['one', 'two', 'three'])
      answers.push((await publish(await draft(name, { rules, tests }))).body.code ?? 'published');
    expect(answers).toEqual(['published', 'policies.too_costly', 'policies.too_costly']);
  });

  it('does not go into the shadow where all of them, with what is in force beside, would take too long', async () => {
    const when = Array.from({ length: 4 }, (_, n) => `["a"].exists(x, x == subject.id || x.size() > ${n})`);
    const rules = [
      { id: 'r', effect: 'allow', resource: 'users', actions: ['read'], when: when.join(' || ') },
    ];
    const tests = [{ ...ownData.tests[1], name: 'anybody', expect: 'allow' }];
    const [one, two] = [await draft('one', { rules, tests }), await draft('two', { rules, tests })];
    const codes: string[] = [];
    const put = async (policy: Parameters<typeof publish>[0], place?: 'shadow') =>
      codes.push(((await publish(policy, place)).body.code ?? 'published') as string);
    await put(one, 'shadow');
    await put(two, 'shadow');
    await put(two);
    await admin.post(`/policies/${one.id}/withdraw`, { place: 'shadow' });
    await put(two);
    await put(two, 'shadow');
    await put(one, 'shadow');
    expect(codes).toEqual([
      'published',
      'policies.too_costly',
      'policies.too_costly',
      'published',
      'published',
      'policies.too_costly',
    ]);
  });

  it('takes what its author may: reading, drafting and publishing are apart, and publishing takes a recent proof', async () => {
    const viewer = await addCaller(gatehouse, tenantId, 'admin_viewer');
    const policy = await draft();
    expect((await viewer.get(`/policies/${policy.id}`)).status).toBe(200);
    expect((await viewer.post('/policies', { name: 'mine', ...ownData })).status).toBe(403);
    expect((await viewer.post('/policies/check', ownData)).status).toBe(403);
    gatehouse.clock.advance({ minutes: 11 });
    const late = await publish(policy);
    expect(late.body.code).toBe('auth.insufficient_user_authentication');
    expect((await admin.delete(`/policies/${policy.id}`)).status).toBe(401);
    expect((await admin.get('/policies')).status).toBe(200);
  });

  it('holds whatever an author may write, and is found by its own tenant alone', async () => {
    const odd = [
      {
        ...ownData.tests[0],
        request: { ...ownData.tests[0]?.request, context: { a: 'x\u0000y', __proto__x: null } },
      },
    ];
    const policy = await draft('odd', {
      rules: [{ ...ownData.rules[0], when: 'resource.id == "\\u0000"' }],
      tests: odd,
    });
    expect((await admin.get(`/policies/${policy.id}`)).body.tests).toEqual(odd);
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    expect((await stranger.get(`/policies/${policy.id}`)).status).toBe(404);
    expect(
      (await stranger.post(`/policies/${policy.id}/publish`, { revision: 1, place: 'in_force' })).status,
    ).toBe(404);
    const taken = await admin.post('/policies', { name: 'odd', ...ownData });
    expect(taken.body.code).toBe('policies.name_in_use');
  });

  it('can be each of the three that deployments start from', async () => {
    for (const [name, example] of Object.entries({
      'own-data': ownData,
      administrators,
      'service-calls': serviceCalls,
    })) {
      const published = await publish(await draft(name, example));
      expect(published.status, `${name} ${published.text}`).toBe(200);
    }
    expect(
      serviceCalls.rules.every(({ resource, actions }) => `${resource}:${actions[0]}` === CALL_PERMISSION),
    ).toBe(true);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addTenant } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { enterOwn } from '../../../platform/access/index.ts';
import { newId, type TenantId } from '../../../platform/ids.ts';
import { exportLines } from '../export/export.ts';
import { verifyExport } from '../verify/verify-export.ts';

let one: TestServer;
let two: TestServer;
let tenants: TenantId[];
beforeAll(async () => {
  one = await startServer();
  const database = one.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
  two = await startServer({ database, clock: one.clock });
});
afterAll(async () => {
  await two.close();
  await one.close();
});
beforeEach(async () => {
  tenants = [await addTenant(one), await addTenant(one), await addTenant(one)];
});

const enter = (tenantId: TenantId) => enterOwn({ kind: 'system', tenantId, reason: 'test' });
const record = (node: TestServer, tenantId: TenantId) =>
  node.server.deps.doors.withTenant(enter(tenantId), (tx) =>
    node.server.deps.audit.record(tx, {
      action: 'login',
      actor: { kind: 'system' },
      resource: { type: 'user', id: newId() },
      request: undefined,
    }),
  );

/** Every record of the tenants, once, in a chain without gaps that anybody can verify. */
async function expectWhole(expected: number, ...of: TenantId[]): Promise<void> {
  const { deps } = one.server;
  let records = 0;
  for (const tenantId of of) {
    const lines = async function* () {
      for await (const line of exportLines(deps, enter(tenantId), { filter: {} }))
        yield { line, cellsDiffer: false };
    };
    const keys = deps.auditKeys.all.map(({ signer }) => signer.publicKey);
    const verdict = await verifyExport(lines(), { keys });
    expect(verdict.findings).toEqual([]);
    records += verdict.records;
  }
  expect(records).toBe(expected);
}

describe('two sealers at once, while both nodes record', () => {
  it('seal every record once, without a gap, and do not wait for each other', async () => {
    let going = true;
    const sealers = [one, two].map(async (node) => {
      while (going) await node.server.deps.sealing.run();
    });
    const writers = Array.from({ length: 12 }, async (_, lane) => {
      for (let n = 0; n < 40; n += 1)
        await record(lane % 2 === 0 ? one : two, tenants[(lane + n) % tenants.length] as TenantId);
    });
    await Promise.all(writers);
    going = false;
    await Promise.all(sealers);
    await one.server.deps.sealing.run();
    await expectWhole(12 * 40, ...tenants);
  });

  it('leave out a record whose transaction is still running, and seal it once that has ended', async () => {
    const [tenantId] = tenants as [TenantId];
    const { deps } = one.server;
    let commit = () => {};
    const held = new Promise<void>((resolve) => (commit = resolve));
    let written = () => {};
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const slow = deps.doors.withTenant(enter(tenantId), async (tx) => {
      await deps.audit.record(tx, {
        action: 'logout',
        actor: { kind: 'system' },
        resource: { type: 'user', id: null },
        request: undefined,
      });
      written();
      await held;
    });
    await isWritten;
    // Later in every sequence, and committed earlier.
    await record(two, tenantId);
    await deps.sealing.run();
    await expectWhole(1, tenantId);
    commit();
    await slow;
    await deps.sealing.run();
    await expectWhole(2, tenantId);
  });
});

describe('a sealer that is killed', () => {
  /** Ends the sealer's own connection in the middle of what it does, as the death of its process would. */
  const STEPS: [string, string, string][] = [
    ['as it begins a tree', 'audit_trees', 'before insert'],
    ['as it lets a tree grow', 'audit_trees', 'before update'],
    ['after it let a tree grow', 'audit_trees', 'after update'],
    ['as it takes records off the queue', 'audit_unsealed', 'before delete'],
    ['after it took records off the queue', 'audit_unsealed', 'after delete'],
    ['as it writes seals', 'audit_seals', 'before insert'],
    ['after it wrote seals', 'audit_seals', 'after insert'],
    ['as it writes a subtree', 'audit_subtrees', 'before insert'],
    ['after it wrote a subtree', 'audit_subtrees', 'after insert'],
    ['as it commits', 'audit_seals', 'deferred'],
  ];
  beforeAll(() =>
    one.sql(
      `create function public.die() returns trigger language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
       grant execute on function public.die() to public; grant usage on schema public to public`,
    ),
  );

  it.each(STEPS)('%s has done nothing, and the next one does it', async (_when, table, when) => {
    const [tenantId] = tenants as [TenantId];
    const add = (count: number) =>
      one.sql(
        `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, context, correlation_id)
         select $1, gen_random_uuid(), now(), 'login', 'system', 'user', '{}', repeat('a', 32) from generate_series(1, ${count})`,
        [tenantId],
      );
    const state = () =>
      one.sql(
        `select (select count(*)::int from gatehouse.audit_seals where tenant_id = $1) as seals,
           (select count(*)::int from gatehouse.audit_unsealed where tenant_id = $1) as waiting,
           (select count(*)::int from gatehouse.audit_subtrees where tenant_id = $1) as subtrees,
           (select size::int from gatehouse.audit_trees where tenant_id = $1) as size`,
        [tenantId],
      );
    const isFirst = when === 'before insert' && table === 'audit_trees';
    if (!isFirst) {
      await add(200);
      await two.server.deps.sealing.run();
    }
    await add(100);
    const before = await state();
    await one.sql(
      when === 'deferred'
        ? `create constraint trigger die after insert on gatehouse.${table} deferrable initially deferred for each row execute function public.die()`
        : `create trigger die ${when} on gatehouse.${table} for each row execute function public.die()`,
    );
    await expect(one.server.deps.sealing.run()).rejects.toThrow('the database does not answer');
    expect(await state()).toEqual(before);
    await one.sql(`drop trigger die on gatehouse.${table}`);
    expect(await two.server.deps.sealing.run()).toBe(100);
    // The one that was killed works on as well, over another connection.
    await record(one, tenantId);
    expect(await one.server.deps.sealing.run()).toBe(1);
    await expectWhole(isFirst ? 101 : 301, tenantId);
  });
});

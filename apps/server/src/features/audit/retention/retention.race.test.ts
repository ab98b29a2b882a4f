import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTenant } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { enterOwn } from '../../../platform/access/index.ts';
import { newId, type TenantId } from '../../../platform/ids.ts';
import { exportLines } from '../export/export.ts';
import { verifyExport } from '../verify/verify-export.ts';
import { applyRetention } from './apply-retention.ts';

let one: TestServer;
let two: TestServer;
beforeAll(async () => {
  const env = { AUDIT_RETENTION_MINIMUM_DAYS: '30' };
  one = await startServer({ env });
  const database = one.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
  two = await startServer({ database, clock: one.clock, env });
  await one.sql(
    `create function public.die() returns trigger language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
     grant execute on function public.die() to public; grant usage on schema public to public`,
  );
});
afterAll(async () => {
  await two.close();
  await one.close();
});

const enter = (tenantId: TenantId) => enterOwn({ kind: 'system', tenantId, reason: 'test' });

/** A tenant with this many sealed records of 200 days ago and ten of now, kept for 100 days. */
async function addTrail(old: number): Promise<TenantId> {
  const tenantId = await addTenant(one);
  for (const [count, days] of [
    [old, 200],
    [10, 0],
  ] as const) {
    await one.sql(
      `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, context, correlation_id)
       select $1, gen_random_uuid(), $2::timestamptz - $3 * interval '1 day', 'logout', 'system', 'session', '{}', repeat('a', 32) from generate_series(1, ${count})`,
      [tenantId, one.clock.now(), days],
    );
    await one.server.deps.sealing.run();
  }
  await one.sql(
    'insert into gatehouse.audit_retention (tenant_id, days, updated_at) values ($1, 100, now())',
    [tenantId],
  );
  return tenantId;
}
const state = (tenantId: TenantId) =>
  one.sql(
    `select (select count(*)::int from gatehouse.audit_records where tenant_id = $1) as records,
       (select count(*)::int from gatehouse.audit_seals where tenant_id = $1) as seals,
       (select count(*)::int from gatehouse.audit_unsealed where tenant_id = $1) as waiting,
       (select removed_below::int from gatehouse.audit_retention where tenant_id = $1) as below,
       (select checkpoint from gatehouse.audit_retention where tenant_id = $1) as note`,
    [tenantId],
  );
async function findings(tenantId: TenantId) {
  const { deps } = one.server;
  await deps.sealing.run();
  const lines = async function* () {
    for await (const line of exportLines(deps, enter(tenantId), { filter: {} }))
      yield { line, cellsDiffer: false };
  };
  const keys = deps.auditKeys.all.map(({ signer }) => signer.publicKey);
  const verdict = await verifyExport(lines(), { keys });
  return { ...verdict, size: verdict.retention?.size };
}

describe('a retention that is killed', () => {
  const STEPS: [string, string, string][] = [
    ['as it notes how far it comes', 'audit_retention', 'before update'],
    ['after it noted how far it comes', 'audit_retention', 'after update'],
    ['as it removes records', 'audit_records', 'before delete'],
    ['after it removed records', 'audit_records', 'after delete'],
    ['as it removes seals', 'audit_seals', 'before delete'],
    ['after it removed seals', 'audit_seals', 'after delete'],
    ['as it tells of it', 'audit_records', 'after insert'],
    ['as it commits', 'audit_seals', 'deferred'],
  ];

  it.each(STEPS)(
    '%s has done nothing of that batch, and the next one does it',
    async (_when, table, when) => {
      const tenantId = await addTrail(1500);
      const { deps } = one.server;
      const before = await state(tenantId);
      await one.sql(
        when === 'deferred'
          ? `create constraint trigger die after delete on gatehouse.${table} deferrable initially deferred for each row execute function public.die()`
          : `create trigger die ${when} on gatehouse.${table} for each row execute function public.die()`,
      );
      await expect(applyRetention(deps, tenantId)).rejects.toThrow('the database does not answer');
      expect(await state(tenantId)).toEqual(before);
      expect((await findings(tenantId)).findings).toEqual([]);
      await one.sql(`drop trigger die on gatehouse.${table}`);
      expect((await applyRetention(two.server.deps, tenantId)).records).toBe(1500);
      expect(await findings(tenantId)).toMatchObject({ findings: [], size: 1500 });
    },
  );

  it('between two batches goes on after the first', async () => {
    const tenantId = await addTrail(2500);
    const { deps } = one.server;
    let batches = 0;
    const dying = {
      ...deps,
      auditKeys: {
        ...deps.auditKeys,
        open: deps.auditKeys.open,
        get active() {
          batches += 1;
          if (batches === 3) throw new Error('killed');
          return deps.auditKeys.active;
        },
      },
    };
    await expect(applyRetention(dying, tenantId)).rejects.toThrow('killed');
    expect(await findings(tenantId)).toMatchObject({ findings: [], size: 2000 });
    expect((await applyRetention(two.server.deps, tenantId)).records).toBe(500);
    expect(await findings(tenantId)).toMatchObject({ findings: [], size: 2500 });
  });
});

describe('a retention beside everything else', () => {
  it('on two nodes at once removes each record once', async () => {
    const tenantId = await addTrail(3300);
    const applied = await Promise.all(
      [one, two, one, two].map((node) => applyRetention(node.server.deps, tenantId)),
    );
    const again = await applyRetention(one.server.deps, tenantId);
    expect(applied.reduce((sum, { records }) => sum + records, again.records)).toBe(3300);
    expect(await findings(tenantId)).toMatchObject({ findings: [], size: 3300 });
  });

  it('keeps nobody waiting who records, while sealers seal', async () => {
    const tenantId = await addTrail(4000);
    let going = true;
    const waits: number[] = [];
    const writers = [one, two].map(async (node) => {
      const { deps } = node.server;
      // Twice at least: the median below is one of several, however fast the removal is.
      for (let round = 0; going || round < 2; round += 1) {
        const began = performance.now();
        await deps.doors.withTenant(enter(tenantId), (tx) =>
          deps.audit.record(tx, {
            action: 'login',
            actor: { kind: 'system' },
            resource: { type: 'user', id: newId() },
            request: undefined,
          }),
        );
        waits.push(performance.now() - began);
        await deps.sealing.run();
      }
    });
    expect((await applyRetention(two.server.deps, tenantId)).records).toBe(4000);
    going = false;
    await Promise.all(writers);
    expect(waits.length).toBeGreaterThan(3);
    // Far below the time that a batch takes, were it to hold what they write.
    expect(waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]).toBeLessThan(1000);
    expect(await findings(tenantId)).toMatchObject({ findings: [], size: 4000 });
  });
});

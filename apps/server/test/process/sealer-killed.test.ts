import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_TENANT } from '../../src/platform/ids.ts';
import { type Cluster, startCluster } from './cluster.fixture.ts';

let cluster: Cluster;
let folder: string;
let holder: pg.Client;
beforeAll(async () => {
  cluster = await startCluster([0]);
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-sealer-'));
  const keys = await fetch(`${cluster.urls[0]}/.well-known/gatehouse-audit-keys.json`);
  await writeFile(join(folder, 'keys.json'), await keys.text());
  holder = new pg.Client({ connectionString: cluster.databaseUrl });
  await holder.connect();
});
afterAll(async () => {
  await holder.end();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const count = async (what: string) =>
  (await cluster.seed.sql<{ n: number }>(`select count(*)::int as n from ${what}`))[0]?.n ?? 0;
const waiting = () => count('gatehouse.audit_unsealed');

async function until(what: () => Promise<boolean>): Promise<void> {
  for (const giveUp = Date.now() + 30_000; !(await what()); await delay(50))
    if (Date.now() > giveUp) throw new Error('it does not come to that');
}

/** Enough for a subtree of 256 leaves in each turn. */
const RECORDS = 300;
const addRecords = () =>
  cluster.seed.sql(
    `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, resource_type, context, correlation_id)
     select $1, gen_random_uuid(), clock_timestamp(), 'login', 'system', 'user', '{}', repeat('a', 32) from generate_series(1, ${RECORDS})`,
    [ROOT_TENANT],
  );

// Where it stands is decided by what it waits for: a lock that keeps its next statement from going on.
describe('a process that is killed while it seals', () => {
  it.each([
    ['as it asks what waits', 'audit_unsealed', 'access exclusive'],
    ['as it reads how far the trees have grown', 'audit_trees', 'access exclusive'],
    ['as it lets a tree grow', 'audit_trees', 'exclusive'],
    ['as it takes records off the queue', 'audit_unsealed', 'exclusive'],
    ['as it writes seals', 'audit_seals', 'exclusive'],
    ['as it writes a subtree', 'audit_subtrees', 'exclusive'],
  ])('%s has sealed nothing of it, and the next one seals each record once', async (_when, table, mode) => {
    await until(async () => (await waiting()) === 0);
    const before = await count('gatehouse.audit_seals');
    await addRecordsHeld(table, mode);
    await until(
      async () =>
        (await count(
          `pg_locks where not granted and relation = 'gatehouse.${table}'::regclass and locktype = 'relation'`,
        )) > 0,
    );
    await cluster.kill(0);
    // Its statement goes on without it, and is thrown away for want of a commit.
    await holder.query('rollback');
    await until(
      async () =>
        (await count(
          `pg_stat_activity where usename = 'gatehouse_login' and state <> 'idle' and datname = current_database()`,
        )) === 0,
    );
    expect(await count('gatehouse.audit_seals')).toBe(before);
    expect(await waiting()).toBeGreaterThanOrEqual(RECORDS);

    await cluster.start(0);
    await until(async () => (await waiting()) === 0);
    // At one moment: what the start itself records may come in meanwhile.
    await until(
      async () =>
        (await count(
          '(select from gatehouse.audit_seals) as seals having count(*) = (select count(*) from gatehouse.audit_records)',
        )) > 0,
    );
    const file = join(folder, `${table}-${mode.length}-${before}.jsonl`);
    const exported = await cluster.command(['audit', 'export', '--tenant', ROOT_TENANT, '--out', file]);
    expect(exported, exported.output).toMatchObject({ status: 0 });
    const judged = await cluster.command(['audit', 'verify', file, '--key', join(folder, 'keys.json')]);
    expect(judged, judged.output).toMatchObject({ status: 0 });
    expect(judged.output).toContain('none removed, altered or reordered');
  });

  /** The records come in before the lock is there, in one transaction with it: the sealer sees them when it is held up. */
  async function addRecordsHeld(table: string, mode: string): Promise<void> {
    // Held back until the lock is taken: by the sealers' own lock.
    const sealers = `hashtextextended('gatehouse audit sealer', 0)`;
    await holder.query(`select pg_advisory_lock(${sealers})`);
    await addRecords();
    await holder.query('begin');
    await holder.query(`lock table gatehouse.${table} in ${mode} mode`);
    await holder.query(`select pg_advisory_unlock(${sealers})`);
  }
});

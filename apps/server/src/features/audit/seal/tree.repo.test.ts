import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTenant } from '../../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { enterOwn } from '../../../platform/access/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { sql } from 'kysely';
import { listLeafHashes, listSubtrees } from './tree.repo.ts';

let gatehouse: TestServer;
let inTenant: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>;
const LEAVES = 20_000;
beforeAll(async () => {
  gatehouse = await startServer();
  const tenantId = await addTenant(gatehouse);
  inTenant = (work) =>
    gatehouse.server.deps.doors.withTenant(enterOwn({ kind: 'system', tenantId, reason: 'test' }), work);
  await gatehouse.sql(
    `insert into gatehouse.audit_seals (tenant_id, seq, record_id, occurred_at, prev_hash, hash)
     select $1, n, gen_random_uuid(), now(), case when n > 0 then sha256('before') end, sha256(n::text::bytea) from generate_series(0, $2 - 1) n`,
    [tenantId, LEAVES],
  );
  await gatehouse.sql(
    `insert into gatehouse.audit_subtrees (tenant_id, level, place, hash)
     select $1, 8, n, sha256(n::text::bytea) from generate_series(0, $2 - 1) n`,
    [tenantId, LEAVES],
  );
});
afterAll(() => gatehouse.close());

/** Rows of a table that this transaction has read from indexes and from the heap. */
async function rowsRead(tx: TenantTx, table: string): Promise<number> {
  const { rows } = await sql<{ read: string }>`
    select coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) as read from pg_stat_xact_user_tables
    where schemaname = 'gatehouse' and relname = ${table}`.execute(tx);
  return Number(rows[0]?.read);
}

const RANGES = [
  [1024, 1280],
  [9000, 9100],
] as const;

describe('the hashes of a proof', () => {
  it.each([
    ['audit_seals', listLeafHashes],
    ['audit_subtrees', (tx: TenantTx, ranges: typeof RANGES) => listSubtrees(tx, 8, ranges)],
  ])('are read from %s by their places, and not the whole trail for them', async (table, list) => {
    await inTenant(async (tx) => {
      // Plans for any values, as a connection has that has read before.
      await sql`set local plan_cache_mode = force_generic_plan`.execute(tx);
      const rows = await list(tx, RANGES);
      expect(rows.map(({ place }) => Number(place)).sort((a, b) => a - b)).toEqual([
        ...Array.from({ length: 256 }, (_, n) => 1024 + n),
        ...Array.from({ length: 100 }, (_, n) => 9000 + n),
      ]);
      expect(await rowsRead(tx, table)).toBe(356);
    });
  });
});

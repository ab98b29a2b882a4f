import { sql } from 'kysely';
import type { SystemTx } from '../../../platform/database/index.ts';
import type { Backlog } from '../../../platform/metrics/index.ts';
import type { RecordRow } from './entry.ts';

/** One sealer at a time in all processes; the lock goes with the transaction, however that ends. */
export async function tryLockSealing(tx: SystemTx): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended('gatehouse audit sealer', 0)) as held`.execute(tx);
  return rows[0]?.held === true;
}

export async function listUnsealed(tx: SystemTx, after: string, limit: number): Promise<RecordRow[]> {
  const { rows } = await sql<RecordRow>`
    select * from gatehouse.unsealed_audit_records(${after}::uuid, ${limit})`.execute(tx);
  return rows;
}

/** What waits to be sealed. */
export async function loadSealBacklog(tx: SystemTx): Promise<Backlog> {
  const { rows } = await sql<{ waiting: string; oldest: Date | null }>`
    select waiting, oldest from gatehouse.unsealed_audit_backlog()`.execute(tx);
  return { count: Number(rows[0]?.waiting ?? 0), oldest: rows[0]?.oldest ?? null };
}

/** A tree as it was signed last. */
export interface TreeRow {
  tenant_id: string;
  size: number;
  frontier: Buffer;
  last_hash: Buffer;
  checkpoint: string;
}

export async function listTrees(tx: SystemTx, tenantIds: readonly string[]): Promise<TreeRow[]> {
  const rows = await tx
    .selectFrom('audit_trees')
    .select(['tenant_id', 'size', 'frontier', 'last_hash', 'checkpoint'])
    .where((eb) => eb('tenant_id', '=', eb.fn.any(eb.val(tenantIds))))
    .execute();
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}

/** What one transaction adds: trees that grew, seals in order, and the subtrees that are now complete. */
export interface Batch {
  trees: {
    tenantId: string;
    oldSize: number;
    size: number;
    frontier: Buffer;
    lastHash: Buffer;
    note: string;
  }[];
  seals: { tenantId: string; recordId: string; seq: number; prev: Buffer | null; hash: Buffer }[];
  subtrees: { tenantId: string; level: number; index: number; hash: Buffer }[];
}

/** As columns and not as rows: one statement, whatever the size of the batch. */
export async function sealRecords(tx: SystemTx, { trees, seals, subtrees }: Batch, now: Date): Promise<void> {
  await sql`select gatehouse.seal_audit_records(
    ${trees.map((t) => t.tenantId)}, ${trees.map((t) => t.oldSize)}, ${trees.map((t) => t.size)},
    ${trees.map((t) => t.frontier)}, ${trees.map((t) => t.lastHash)}, ${trees.map((t) => t.note)},
    ${seals.map((s) => s.tenantId)}, ${seals.map((s) => s.recordId)}, ${seals.map((s) => s.seq)},
    ${seals.map((s) => s.prev)}, ${seals.map((s) => s.hash)},
    ${subtrees.map((s) => s.tenantId)}, ${subtrees.map((s) => s.level)}, ${subtrees.map((s) => s.index)},
    ${subtrees.map((s) => s.hash)}, ${now})`.execute(tx);
}

import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../../platform/database/index.ts';

export interface Retention {
  /** Null: kept for good. */
  days: number | null;
  /** Records below this number are gone. */
  removedBelow: number;
  /** The signed note that says so; null while none is. */
  checkpoint: string | null;
  /** Each of them happened before. */
  removedBefore: Date | null;
}

const KEPT_FOR_GOOD: Retention = { days: null, removedBelow: 0, checkpoint: null, removedBefore: null };

/** What the entered tenant has set, and how far its records are gone. */
export async function loadRetention(tx: TenantTx): Promise<Retention> {
  const row = await tx
    .selectFrom('audit_retention')
    .select(['days', 'removed_below', 'checkpoint', 'removed_before'])
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirst();
  if (row === undefined) return KEPT_FOR_GOOD;
  return {
    days: row.days,
    removedBelow: Number(row.removed_below),
    checkpoint: row.checkpoint,
    removedBefore: row.removed_before,
  };
}

/** What was set before; null for good. */
export async function setRetention(tx: TenantTx, days: number | null, now: Date): Promise<number | null> {
  const before = await loadRetention(tx);
  await tx
    .insertInto('audit_retention')
    .values({ tenant_id: tx.tenantId, days, updated_at: now })
    .onConflict((oc) => oc.column('tenant_id').doUpdateSet({ days, updated_at: now }))
    .execute();
  return before.days;
}

/** The tenants that do not keep their records for good. */
export async function listRetained(tx: SystemTx): Promise<{ tenantId: string; days: number }[]> {
  const rows = await tx
    .selectFrom('audit_retention')
    .select(['tenant_id', 'days'])
    .where('days', 'is not', null)
    .orderBy('tenant_id')
    .execute();
  return rows.map((row) => ({ tenantId: row.tenant_id, days: Number(row.days) }));
}

export interface Removal {
  tenantId: string;
  from: number;
  to: number;
  before: Date;
  checkpoint: string;
  now: Date;
}

/** All of it or nothing (db/migrations/0072_retention.sql). False where somebody else was first, or the setting has changed. */
export async function removeRecords(tx: SystemTx, it: Removal): Promise<boolean> {
  const { rows } = await sql<{ removed: boolean }>`
    select gatehouse.remove_audit_records(${it.tenantId}, ${it.from}, ${it.to}, ${it.before}, ${it.checkpoint}, ${it.now}) as removed`.execute(
    tx,
  );
  return rows[0]?.removed === true;
}

export async function removeDecisions(
  tx: SystemTx,
  it: { tenantId: string; before: Date; limit: number; now: Date },
): Promise<number> {
  const { rows } = await sql<{ removed: number }>`
    select gatehouse.remove_decisions(${it.tenantId}, ${it.before}, ${it.limit}, ${it.now}) as removed`.execute(
    tx,
  );
  return rows[0]?.removed ?? 0;
}

/** Partitions of months that are over and empty; how many are gone. */
export async function dropEmptyMonths(tx: SystemTx, now: Date): Promise<number> {
  const { rows } = await sql<{
    dropped: number;
  }>`select gatehouse.drop_empty_months(${now}) as dropped`.execute(tx);
  return rows[0]?.dropped ?? 0;
}

/** Which actions the records of a run have: what tells of a removal is itself removed one day. */
export async function hasOtherThan(
  tx: TenantTx,
  action: string,
  ids: readonly string[],
  first: Date,
  last: Date,
) {
  const found = await tx
    .selectFrom('audit_records')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where((eb) => eb('id', '=', eb.fn.any(eb.val([...ids]))))
    .where('occurred_at', '>=', first)
    .where('occurred_at', '<=', last)
    .where('action', '!=', action)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

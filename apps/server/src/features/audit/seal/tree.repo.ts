import { sql } from 'kysely';
import type { TenantTx } from '../../../platform/database/index.ts';

/** The tenant's tree as it was signed last; undefined before its first record is sealed. */
export const loadTree = (tx: TenantTx) =>
  tx.selectFrom('audit_trees').select(['checkpoint']).where('tenant_id', '=', tx.tenantId).executeTakeFirst();

export interface Seal {
  recordId: string;
  occurredAt: Date;
  seq: number;
  prev: Buffer | null;
  hash: Buffer;
}

const seals = (tx: TenantTx) =>
  tx
    .selectFrom('audit_seals')
    .select(['record_id', 'occurred_at', 'seq', 'prev_hash', 'hash'])
    .where('tenant_id', '=', tx.tenantId);

const asSeal = (row: Awaited<ReturnType<ReturnType<typeof seals>['execute']>>[number]): Seal => ({
  recordId: row.record_id,
  occurredAt: row.occurred_at,
  seq: Number(row.seq),
  prev: row.prev_hash,
  hash: row.hash,
});

export async function listSeals(tx: TenantTx, recordIds: readonly string[]): Promise<Seal[]> {
  const rows = await seals(tx)
    .where((eb) => eb('record_id', '=', eb.fn.any(eb.val(recordIds))))
    .execute();
  return rows.map(asSeal);
}

/** In order; the number `to` is not among them. */
export async function listSealsFrom(tx: TenantTx, from: number, to: number): Promise<Seal[]> {
  const rows = await seals(tx)
    .where('seq', '>=', String(from))
    .where('seq', '<', String(to))
    .orderBy('seq')
    .execute();
  return rows.map(asSeal);
}

type Ranges = readonly (readonly [from: number, to: number])[];
interface HashRow {
  place: string;
  hash: Buffer;
}

export async function listLeafHashes(tx: TenantTx, ranges: Ranges): Promise<HashRow[]> {
  const { rows } = await sql<HashRow>`
    select s.seq as place, s.hash from unnest(${ranges.map(([from]) => from)}::bigint[], ${ranges.map(([, to]) => to)}::bigint[]) as r(lo, hi)
    join gatehouse.audit_seals s on s.tenant_id = ${tx.tenantId} and s.seq >= r.lo and s.seq < r.hi`.execute(
    tx,
  );
  return rows;
}

export async function listSubtrees(tx: TenantTx, level: number, ranges: Ranges): Promise<HashRow[]> {
  const { rows } = await sql<HashRow>`
    select s.place, s.hash from unnest(${ranges.map(([from]) => from)}::bigint[], ${ranges.map(([, to]) => to)}::bigint[]) as r(lo, hi)
    join gatehouse.audit_subtrees s on s.tenant_id = ${tx.tenantId} and s.level = ${level} and s.place >= r.lo and s.place < r.hi`.execute(
    tx,
  );
  return rows;
}

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

// `offset 0` keeps PostgreSQL from making a join of it: it would guess few rows and read the whole trail for each range.
export async function listLeafHashes(tx: TenantTx, ranges: Ranges): Promise<HashRow[]> {
  const { rows } = await sql<HashRow>`
    select s.seq as place, s.hash from unnest(${ranges.map(([from]) => from)}::bigint[], ${ranges.map(([, to]) => to)}::bigint[]) as r(lo, hi)
    cross join lateral (select seq, hash from gatehouse.audit_seals where tenant_id = ${tx.tenantId} and seq >= r.lo and seq < r.hi offset 0) s`.execute(
    tx,
  );
  return rows;
}

export async function listSubtrees(tx: TenantTx, level: number, ranges: Ranges): Promise<HashRow[]> {
  const { rows } = await sql<HashRow>`
    select s.place, s.hash from unnest(${ranges.map(([from]) => from)}::bigint[], ${ranges.map(([, to]) => to)}::bigint[]) as r(lo, hi)
    cross join lateral (select place, hash from gatehouse.audit_subtrees
      where tenant_id = ${tx.tenantId} and level = ${level} and place >= r.lo and place < r.hi offset 0) s`.execute(
    tx,
  );
  return rows;
}

import { canonicalJson, leafHash } from '../../../platform/crypto/index.ts';

/** A record as it stands in the database. The time in microseconds: what a `Date` would round is sealed, too. */
export interface RecordRow {
  tenant_id: string;
  id: string;
  time: string;
  action: string;
  actor_kind: string;
  actor_id: string | null;
  actor_tenant_id: string | null;
  resource_type: string;
  resource_id: string | null;
  before: unknown;
  after: unknown;
  context: unknown;
  correlation_id: string;
}

/**
 * What is sealed of a record: all of it but the sealed personal values, of which the hashes are in it. `prev` is the hash
 * of the entry before, in base64; null for the first.
 */
export interface Entry {
  v: 1;
  seq: number;
  prev: string | null;
  id: string;
  tenantId: string;
  time: string;
  action: string;
  actor: { kind: string; id: string | null; tenantId: string | null };
  resource: { type: string; id: string | null };
  before: unknown;
  after: unknown;
  context: unknown;
  correlationId: string;
}

export const entryOf = (row: RecordRow, seq: number, prev: Buffer | null): Entry => ({
  v: 1,
  seq,
  prev: prev === null ? null : prev.toString('base64'),
  id: row.id,
  tenantId: row.tenant_id,
  time: row.time,
  action: row.action,
  actor: { kind: row.actor_kind, id: row.actor_id, tenantId: row.actor_tenant_id },
  resource: { type: row.resource_type, id: row.resource_id },
  before: row.before,
  after: row.after,
  context: row.context,
  correlationId: row.correlation_id,
});

/** The leaf of the tenant's Merkle tree, and what the next entry names as `prev`. */
export const hashOf = (entry: unknown): Buffer => leafHash(canonicalJson(entry));

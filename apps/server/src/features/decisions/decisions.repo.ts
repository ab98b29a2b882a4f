import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

export interface DecisionFilter {
  principalId: string | undefined;
  decision: string | undefined;
  permission: string | undefined;
  before: { time: string; id: string } | undefined;
  limit: number;
}

/** In microseconds, for the place in the list: a `Date` would round it. */
const exactTime = sql<string>`to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Newest first; those before a place. */
export function listDecisions(tx: TenantTx, filter: DecisionFilter) {
  const { principalId, decision, permission, before, limit } = filter;
  let query = tx
    .selectFrom('decisions')
    .selectAll()
    .select(exactTime.as('time'))
    .where('tenant_id', '=', tx.tenantId);
  if (principalId !== undefined) query = query.where('principal_id', '=', principalId);
  if (decision !== undefined) query = query.where('decision', '=', decision);
  if (permission !== undefined) query = query.where('permission', '=', permission);
  if (before !== undefined)
    query = query.where(sql<boolean>`(occurred_at, id) < (${before.time}::timestamptz, ${before.id}::uuid)`);
  return query.orderBy('occurred_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

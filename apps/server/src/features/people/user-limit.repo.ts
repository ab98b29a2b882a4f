import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** How many more members the entered tenant may have; null where nobody said how many. */
export async function loadUserRoom(tx: TenantTx): Promise<number | null> {
  const row = await tx
    .selectFrom('tenants as t')
    .select(
      sql<string | null>`(t.settings #>> '{limits,users}')::bigint
        - (select count(*) from gatehouse.memberships m where m.tenant_id = t.id)`.as('room'),
    )
    .where('t.id', '=', tx.tenantId)
    .executeTakeFirst();
  return row?.room == null ? null : Number(row.room);
}

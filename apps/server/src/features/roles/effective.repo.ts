import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

export interface EffectiveRow {
  permission: string;
  reasons: { role: string; group: { id: string; name: string } | null; expiresAt: string | null }[];
}

/** What a principal of the entered tenant holds, with the roles that it holds it by; undefined where there is no such principal. */
export async function listEffective(
  tx: TenantTx,
  principalId: string,
  now: Date,
): Promise<EffectiveRow[] | undefined> {
  const principal = await tx
    .selectFrom('principals')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', principalId)
    .executeTakeFirst();
  if (!principal) return undefined;
  const { rows } = await sql<EffectiveRow>`
    select h.permission, jsonb_agg(jsonb_build_object('role', r.name,
        'group', case when g.id is not null then jsonb_build_object('id', g.id, 'name', g.name) end,
        'expiresAt', to_char(a.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        order by r.name, g.name nulls first) as reasons
      from gatehouse.held_roles a
      join gatehouse.roles r on r.id = a.role_id
      join gatehouse.role_holdings h on h.role_id = a.role_id
      left join gatehouse.groups g on g.tenant_id = a.tenant_id and g.id = a.group_id
      where a.tenant_id = ${tx.tenantId} and a.principal_id = ${principalId} and (a.expires_at is null or a.expires_at > ${now})
      group by h.permission order by h.permission`.execute(tx);
  return rows;
}

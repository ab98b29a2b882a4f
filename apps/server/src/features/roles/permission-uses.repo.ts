import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../platform/database/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';

export interface PermissionUse {
  tenantId: TenantId;
  principalId: PrincipalId;
  permission: string;
}

/** db/migrations/0222_permission_uses.sql; a day is written as `2026-11-22`. */
export async function notePermissionUses(
  tx: SystemTx,
  uses: readonly PermissionUse[],
  day: string,
): Promise<void> {
  await sql`select gatehouse.note_permission_uses(${uses.map((use) => use.tenantId)}::uuid[], ${uses.map((use) => use.principalId)}::uuid[],
    ${uses.map((use) => use.permission)}::text[], ${day}::date)`.execute(tx);
}

export interface UnusedRow {
  principal_id: string;
  /** Of the assignment, or of the group. */
  id: string;
  assignment_id: string | null;
  group_id: string | null;
  group_name: string | null;
  roles: string[];
  since: Date;
  last_used_on: string | null;
}

/** Assignments and memberships of groups that are older than a time, and none of whose permissions was used since. */
export async function listUnused(
  tx: TenantTx,
  filter: { before: Date; after: { principalId: string; id: string } | undefined; limit: number; now: Date },
): Promise<UnusedRow[]> {
  const { before, after, limit, now } = filter;
  const { rows } = await sql<UnusedRow>`
    select * from (
      select a.principal_id, a.id, a.id as assignment_id, null::uuid as group_id, null::text as group_name,
        array[r.name] as roles, a.created_at as since,
        (select max(u.used_on) from gatehouse.permission_uses u
          where u.tenant_id = a.tenant_id and u.principal_id = a.principal_id
            and exists (select from gatehouse.role_holdings h where h.role_id = a.role_id and h.permission = u.permission)) as used_on
        from gatehouse.role_assignments a
        join gatehouse.roles r on r.id = a.role_id
        join gatehouse.principals p on p.tenant_id = a.tenant_id and p.id = a.principal_id
          and p.kind in ('member', 'service') and p.status = 'active'
        where a.tenant_id = ${tx.tenantId} and (a.expires_at is null or a.expires_at > ${now})
      union all
      select m.principal_id, m.group_id, null, m.group_id, g.name,
        (select array_agg(r.name order by r.name) from gatehouse.role_assignments a join gatehouse.roles r on r.id = a.role_id
          where a.tenant_id = m.tenant_id and a.principal_id = m.group_id and (a.expires_at is null or a.expires_at > ${now})),
        m.added_at,
        (select max(u.used_on) from gatehouse.permission_uses u
          where u.tenant_id = m.tenant_id and u.principal_id = m.principal_id
            and exists (select from gatehouse.role_assignments a join gatehouse.role_holdings h on h.role_id = a.role_id
              where a.tenant_id = m.tenant_id and a.principal_id = m.group_id and h.permission = u.permission))
        from gatehouse.group_members m
        join gatehouse.groups g on g.tenant_id = m.tenant_id and g.id = m.group_id
        join gatehouse.principals p on p.tenant_id = m.tenant_id and p.id = m.principal_id and p.status = 'active'
        where m.tenant_id = ${tx.tenantId}
    ) x (principal_id, id, assignment_id, group_id, group_name, roles, since, used_on)
    cross join lateral (select to_char(x.used_on, 'YYYY-MM-DD') as last_used_on) t
    where x.roles is not null and greatest(x.since, gatehouse.uses_noted_since()) <= ${before}
      and (x.used_on is null or x.used_on < ${before}::date)
      and (${after === undefined} or (x.principal_id, x.id) > (${after?.principalId ?? null}::uuid, ${after?.id ?? null}::uuid))
    order by x.principal_id, x.id limit ${limit}`.execute(tx);
  return rows;
}

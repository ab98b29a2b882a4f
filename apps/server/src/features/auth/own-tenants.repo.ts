import type { Doors } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';

export interface OwnTenantRow {
  id: TenantId;
  name: string;
  name_key: string;
  type: string;
  status: 'active' | 'suspended';
  member_since: Date;
}

export interface OwnTenantFilter {
  homeTenantId: TenantId;
  userId: UserId;
  search: string | undefined;
  after: { name: string; id: string } | undefined;
  limit: number;
}

/** The tenants that a user may have a session in, by name (db/migrations/0060_switching.sql, `tenants_of_user`). */
export function listOwnTenants(doors: Doors, filter: OwnTenantFilter): Promise<OwnTenantRow[]> {
  const { homeTenantId, userId, search, after, limit } = filter;
  return doors.call<OwnTenantRow & Record<string, unknown>>(
    `select id, name, lower(name) as name_key, type, member_since,
            case when tenant_status = 'active' and membership_status = 'active' then 'active' else 'suspended' end as status
       from gatehouse.tenants_of_user($1, $2)
       where ($3::text is null or strpos(lower(name), lower($3)) > 0)
         and ($4::text is null or (lower(name), id) > ($4, $5::uuid))
       order by lower(name), id
       limit $6`,
    [homeTenantId, userId, search ?? null, after?.name ?? null, after?.id ?? null, limit],
  );
}

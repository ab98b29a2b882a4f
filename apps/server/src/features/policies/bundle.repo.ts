import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

/** What a bundle says of its tenant. */
export const loadTenantOfBundle = (tx: TenantTx) =>
  tx
    .selectFrom('tenants')
    .select(['id', 'slug', 'type'])
    .where('id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();

/**
 * The roles that can be held in the entered tenant, with what they hold.
 *
 * SECURITY: a tenant's own role of the name of a built-in one, which a later release may have brought, is left out: the name is in
 * tokens, and would pass for it.
 */
export async function listRolesWithPermissions(
  tx: TenantTx,
): Promise<{ name: string; permissions: readonly string[] }[]> {
  const { rows } = await sql<{ name: string; permissions: string[] }>`
    select r.name, coalesce(array_agg(g.permission order by g.permission) filter (where g.permission is not null), '{}') as permissions
      from gatehouse.roles r left join gatehouse.role_holdings g on g.role_id = r.id
      where (r.tenant_id is null or r.tenant_id = ${tx.tenantId}) and (not r.root_only or ${tx.tenantId === ROOT_TENANT})
        and (r.tenant_id is null or not exists (select from gatehouse.roles b where b.tenant_id is null and b.name = r.name))
      group by r.id, r.name order by r.name`.execute(tx);
  return rows;
}

import type { Tenant } from '@gatehouse/contracts';
import type { TenantRow } from './tenants.repo.ts';

/** A tenant as the API shows it. */
export const tenantOf = (row: TenantRow): Tenant => ({
  id: row.id,
  parentId: row.parent_id,
  type: row.type,
  status: row.status,
  name: row.name,
  slug: row.slug,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

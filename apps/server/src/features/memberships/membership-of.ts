import type { Membership } from '@gatehouse/contracts';
import type { MembershipRow } from './memberships.repo.ts';

/** A membership as the API shows it: who, and with which standing; a guest's name and address stay at home. */
export const membershipOf = (row: MembershipRow): Membership => ({
  id: row.id,
  tenantId: row.tenant_id,
  userId: row.user_id,
  userTenantId: row.user_tenant_id,
  home: row.user_tenant_id === row.tenant_id,
  status: row.status,
  roles: row.roles,
  createdAt: row.created_at.toISOString(),
});

import type { Doors } from '../database/index.ts';
import type { TenantId, UserId } from '../ids.ts';

export interface FoundTenant {
  id: TenantId;
  parent_id: TenantId | null;
  status: string;
}

/** A tenant that a principal asks to enter, before it is known whether it may (docs/security/rls-exceptions.md). */
export async function loadTenant(doors: Doors, tenantId: string): Promise<FoundTenant | undefined> {
  const [found] = await doors.call<FoundTenant & Record<string, unknown>>(
    'select id, parent_id, status from gatehouse.find_tenant($1)',
    [tenantId],
  );
  return found;
}

/** Whether somebody may work in a tenant as its member, at home or as a guest: neither of them is suspended. */
export async function isMember(
  doors: Doors,
  user: { tenantId: TenantId; userId: UserId },
  tenantId: string,
): Promise<boolean> {
  const found = await doors.call(
    "select from gatehouse.tenants_of_user($1, $2) where id = $3 and tenant_status = 'active' and membership_status = 'active'",
    [user.tenantId, user.userId, tenantId],
  );
  return found.length > 0;
}

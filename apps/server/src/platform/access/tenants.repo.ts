import type { Doors } from '../database/index.ts';
import type { TenantId } from '../ids.ts';

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

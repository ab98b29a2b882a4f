import { getSystemRole } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';

export async function hasAdministrator(tx: TenantTx): Promise<boolean> {
  const row = await tx
    .selectFrom('role_assignments')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('role_id', '=', getSystemRole('PLATFORM_ADMIN').id)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

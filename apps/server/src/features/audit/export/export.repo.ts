import type { TenantTx } from '../../../platform/database/index.ts';

export async function isTenant(tx: TenantTx): Promise<boolean> {
  const found = await tx.selectFrom('tenants').select('id').where('id', '=', tx.tenantId).executeTakeFirst();
  return found !== undefined;
}

import { PERMISSIONS } from '@gatehouse/contracts';
import { CALL_PERMISSION, type Catalog } from '@gatehouse/decisions';
import type { TenantTx } from '../../platform/database/index.ts';

/**
 * What can be decided about in the entered tenant: the platform's own permissions, and the call of one service by another, which no role
 * can hold.
 */
export async function loadCatalog(_tx: TenantTx): Promise<Catalog> {
  return { permissions: [...Object.keys(PERMISSIONS), CALL_PERMISSION], resources: {} };
}

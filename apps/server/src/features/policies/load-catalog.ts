import { PERMISSIONS } from '@gatehouse/contracts';
import { CALL_PERMISSION, type Catalog } from '@gatehouse/decisions';
import type { TenantTx } from '../../platform/database/index.ts';
import { loadRegistered } from '../catalog/index.ts';

/**
 * What can be decided about in the entered tenant: the platform's own permissions, what services have registered that counts there, and
 * the call of one service by another, which no role can hold.
 */
export async function loadCatalog(tx: TenantTx): Promise<Catalog> {
  const { permissions, resources } = await loadRegistered(tx);
  return {
    permissions: [...Object.keys(PERMISSIONS), ...permissions, CALL_PERMISSION],
    resources: resources as Catalog['resources'],
  };
}

import type { CatalogDocument } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { listServices } from './catalog.repo.ts';

/** What services have registered that counts in the entered tenant: names of permissions, and types of resource. */
export async function loadRegistered(
  tx: TenantTx,
): Promise<{ permissions: string[]; resources: NonNullable<CatalogDocument['resources']> }> {
  const services = await listServices(tx);
  return {
    permissions: services.flatMap(({ permissions }) => permissions.map(({ name }) => name)),
    resources: Object.assign({}, ...services.map(({ resources }) => resources)) as Record<string, never>,
  };
}

import type { ServiceEntry } from '@gatehouse/decisions';
import type { TenantTx } from '../../platform/database/index.ts';

/** The services of the entered tenant, by client_id: none are registered yet, and an empty map permits nobody to call anybody. */
export async function loadServices(_tx: TenantTx): Promise<Record<string, ServiceEntry>> {
  return {};
}

import type { SystemTx } from '../../platform/database/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

export async function insertRootTenant(tx: SystemTx, now: Date): Promise<void> {
  await tx
    .insertInto('tenants')
    .values({
      id: ROOT_TENANT,
      parent_id: null,
      type: 'internal',
      name: 'Platform',
      slug: null,
      created_at: now,
      updated_at: now,
    })
    .onConflict((oc) => oc.column('id').doNothing())
    .execute();
}

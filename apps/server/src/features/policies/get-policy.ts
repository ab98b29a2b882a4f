import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { loadPolicy, type PolicyWithDraft } from './policies.repo.ts';

/** @throws {Problem} `resource.not_found` */
export async function getPolicy(tx: TenantTx, id: string): Promise<PolicyWithDraft> {
  const row = await loadPolicy(tx, id);
  if (!row) throw new Problem('resource.not_found', { detail: 'There is no such policy in this tenant.' });
  return row;
}

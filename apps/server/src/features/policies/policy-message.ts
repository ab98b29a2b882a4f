import type { Policy, PolicySummary } from '@gatehouse/contracts';
import { documentOf, type PolicyRow, type PolicyWithDraft } from './policies.repo.ts';

/** A policy in a list. */
export const summaryOf = (row: PolicyRow): PolicySummary => ({
  id: row.id,
  tenantId: row.tenant_id,
  name: row.name,
  description: row.description,
  revision: row.revision,
  inForce: row.in_force,
  shadow: row.shadow,
  latest: row.latest,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

/** A policy with its draft. */
export const policyOf = (row: PolicyWithDraft): Policy => ({
  ...summaryOf(row),
  ...(documentOf(row.draft) as unknown as Pick<Policy, 'rules' | 'tests'>),
});

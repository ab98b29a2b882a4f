import { newId, ROOT_TENANT } from '../../platform/ids.ts';
import type { NewRecord } from './audit.repo.ts';

/**
 * That the database is an older one, put back: an auditor's later checkpoints show the same. It is written by the transaction that
 * puts the rows back, in the schema of that time, so that neither is there without the other: whoever restores a copy to be rid of
 * what is on record could otherwise kill the restore before it says so.
 */
export const recordOfRestore = (
  copy: { id: string; createdAt: string; rows: number },
  now: Date,
): NewRecord => ({
  tenantId: ROOT_TENANT,
  id: newId(),
  occurredAt: now,
  action: 'database_restored',
  actorKind: 'system',
  actorId: null,
  actorTenantId: null,
  resourceType: 'backup',
  resourceId: copy.id,
  before: null,
  after: { copyOf: copy.createdAt, rows: copy.rows },
  context: { ip: null, userAgent: null, actor: null },
  personal: {},
  correlationId: newId().replaceAll('-', ''),
});

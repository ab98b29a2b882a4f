import { enterOwn } from '../../../platform/access/index.ts';
import { isUuid, type TenantId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import { isTenant } from './export.repo.ts';
import { exportLines } from './export.ts';
import { type ExportFormat, inFormat } from './formats.ts';

/** The export of a tenant for whoever runs the deployment: what waits is sealed first. Undefined for no tenant of ours. */
export async function exportForOperator(
  deps: Deps,
  options: { tenant: string; format: ExportFormat; fromSeq?: number; toSeq?: number },
): Promise<AsyncGenerator<string> | undefined> {
  const { tenant, format, fromSeq, toSeq } = options;
  if (!isUuid(tenant)) return undefined;
  const entered = enterOwn({ kind: 'system', tenantId: tenant as TenantId, reason: 'audit export' });
  const isOurs = await deps.doors.withTenant(entered, async (tx) => {
    if (!(await isTenant(tx))) return false;
    await deps.audit.record(tx, {
      action: 'data_exported',
      actor: { kind: 'system' },
      resource: { type: 'audit', id: null },
      after: { format, fromSeq, toSeq },
      request: undefined,
    });
    return true;
  });
  if (!isOurs) return undefined;
  await deps.sealing.run();
  const lines = exportLines(deps, entered, { fromSeq, toSeq, filter: {} });
  return inFormat(format, lines, deps.config.publicUrl);
}

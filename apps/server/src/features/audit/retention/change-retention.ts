import type { AuditRetention } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import type { Entered } from '../../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import { isUuid, type TenantId } from '../../../platform/ids.ts';
import type { Caller } from '../../denied.ts';
import type { Deps } from '../../deps.ts';
import { isTenant } from '../export/export.repo.ts';
import { actorOf, type AuditEntry } from '../record.ts';
import { type Applied, applyRetention } from './apply-retention.ts';
import { loadRetention, type Retention, setRetention } from './retention.repo.ts';

export const describeRetention = ({ config }: Pick<Deps, 'config'>, it: Retention): AuditRetention => ({
  days: it.days,
  minimumDays: config.auditRetentionMinimumDays,
  removedBelow: it.removedBelow,
  removedBefore: it.removedBefore?.toISOString() ?? null,
  checkpoint: it.checkpoint,
});

/** @throws {Problem} `audit.retention_too_short` */
export const changeRetention = (
  deps: Deps,
  { principal, entered, request }: Caller,
  days: number | null,
): Promise<AuditRetention> => set(deps, entered, days, { actor: actorOf(principal), request });

async function set(
  deps: Deps,
  entered: Entered,
  days: number | null,
  { actor, request }: { actor: AuditEntry['actor']; request: RequestContext | undefined },
): Promise<AuditRetention> {
  const { auditRetentionMinimumDays: least } = deps.config;
  if (days !== null && days < least)
    throw new Problem('audit.retention_too_short', {
      detail: `This deployment keeps every record for ${least} days at least.`,
    });
  return deps.doors.withTenant(entered, async (tx) => {
    const before = await setRetention(tx, days, deps.clock.now());
    if (before !== days)
      await deps.audit.record(tx, {
        action: 'audit_retention_changed',
        actor,
        resource: { type: 'audit', id: null },
        before: { days: before },
        after: { days },
        request,
      });
    return describeRetention(deps, await loadRetention(tx));
  });
}

/**
 * The same for whoever runs the deployment: shows, sets, and applies at once. Undefined for no tenant of ours.
 *
 * @throws {Problem} `audit.retention_too_short`
 */
export async function retentionForOperator(
  deps: Deps,
  options: { tenant: string; days: number | null | undefined; apply: boolean },
): Promise<{ retention: AuditRetention; applied: Applied | undefined } | undefined> {
  const tenantId = options.tenant as TenantId;
  if (!isUuid(tenantId)) return undefined;
  const entered = enterOwn({ kind: 'system', tenantId, reason: 'operator at the command line' });
  if (!(await deps.doors.withTenant(entered, isTenant))) return undefined;
  const { days } = options;
  if (days !== undefined) await set(deps, entered, days, { actor: { kind: 'system' }, request: undefined });
  const applied = options.apply ? await applyRetention(deps, tenantId) : undefined;
  const retention = await deps.doors.withTenant(entered, async (tx) =>
    describeRetention(deps, await loadRetention(tx)),
  );
  return { retention, applied };
}

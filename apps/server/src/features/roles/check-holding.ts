import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { judgeHolding } from './roles.repo.ts';

/**
 * Whether somebody may come to act with these permissions in the entered tenant, by a key or a secret: judged by the database as a grant
 * is, by what counts there and for as long.
 *
 * SECURITY: not by the names that the caller holds at home. A partner's service may have registered the same ones (threat 72).
 *
 * @param until when what they come to hold ends; null for what ends with the holder's own roles, or never
 * @throws {Problem} `access.grant_exceeds_own`
 */
export async function checkHolding(
  tx: TenantTx,
  { tenantId, principalId, permissions: held }: CallingPrincipal,
  permissions: readonly string[],
  { until, now }: { until: Date | null; now: Date },
): Promise<void> {
  const missing = permissions.find((name) => !held.has(name));
  const refusal =
    missing === undefined
      ? await judgeHolding(tx, { tenantId, principalId }, permissions, until, now)
      : 'exceeds_own';
  if (refusal === null) return;
  throw new Problem('access.grant_exceeds_own', {
    detail:
      refusal === 'outlasts_own'
        ? 'You hold this for a limited time: give it an end that is no later than yours.'
        : `You do not hold ${missing ?? 'all of this here'} yourself.`,
    ...(missing !== undefined && { missingPermission: missing }),
  });
}

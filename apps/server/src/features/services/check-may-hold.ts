import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { PrincipalId } from '../../platform/ids.ts';
import { listPermissionsOf } from '../roles/index.ts';

/**
 * SECURITY: who is shown a secret of a service can be that service from then on, so it is shown to nobody who may less (threat 72).
 *
 * @throws {Problem} `access.grant_exceeds_own` with the first permission that is missing
 */
export async function checkMayHold(
  tx: TenantTx,
  principal: CallingPrincipal,
  serviceId: PrincipalId,
  now: Date,
): Promise<void> {
  const missing = (await listPermissionsOf(tx, serviceId, now)).find(
    (name) => !principal.permissions.has(name),
  );
  if (missing === undefined) return;
  throw new Problem('access.grant_exceeds_own', {
    detail: `This service holds ${missing}, which you do not: whoever has its secret could do that.`,
    missingPermission: missing,
  });
}

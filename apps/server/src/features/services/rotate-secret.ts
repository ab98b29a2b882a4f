import type { NewServiceSecret, RotateServiceSecret } from '@gatehouse/contracts';
import { newId, type PrincipalId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkHolding, listPermissionsOf } from '../roles/index.ts';
import { unknownService } from './change-service.ts';
import { secretOf } from './service-message.ts';
import { issueServiceSecret } from './service-secret.ts';
import { deleteSecret, insertSecret, listSecrets, lockService, retireSecrets } from './services.repo.ts';

const MINUTE_MS = 60_000;
const DEFAULT_OVERLAP_MINUTES = 1440;

/**
 * Another secret, shown this once. The newest of those before stays good for a while, so that no instance is left without one; two are
 * live at most.
 *
 * @throws {Problem} `resource.not_found`, `access.grant_exceeds_own`
 */
export function rotateServiceSecret(
  deps: Deps,
  caller: Caller,
  id: string,
  { overlapMinutes = DEFAULT_OVERLAP_MINUTES }: RotateServiceSecret,
): Promise<NewServiceSecret> {
  const secret = issueServiceSecret();
  const now = deps.clock.now();
  return deps.doors.withTenant(caller.entered, async (tx) => {
    if (!(await lockService(tx, id))) throw unknownService();
    // SECURITY: who is shown a secret of a service can be that service from then on (threat 72).
    const held = await listPermissionsOf(tx, id as PrincipalId, now);
    await checkHolding(tx, caller.principal, held, { until: null, now });
    const before = (await listSecrets(tx, [id], now)).at(-1);
    const until = new Date(now.getTime() + overlapMinutes * MINUTE_MS);
    await retireSecrets(tx, id, overlapMinutes === 0 ? undefined : before?.id, until);
    const secretId = newId();
    await insertSecret(tx, { id: secretId, serviceId: id, hash: secret.hash, now });
    await deps.audit.record(tx, {
      action: 'service_secret_rotated',
      actor: actorOf(caller.principal),
      resource: { type: 'service', id },
      after: { secret: secretId, overlapMinutes },
      request: caller.request,
    });
    return {
      ...secretOf({ id: secretId, client_id: id, created_at: now, expires_at: null }),
      clientSecret: secret.text,
    };
  });
}

/**
 * Ends one secret at once: one that leaked. Tokens that it got live on for five minutes at most; suspend the service to end them.
 *
 * @throws {Problem} `resource.not_found`
 */
export const revokeServiceSecret = (
  deps: Deps,
  caller: Caller,
  id: string,
  secretId: string,
): Promise<void> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    if (!(await lockService(tx, id)) || !(await deleteSecret(tx, id, secretId))) throw unknownService();
    await deps.audit.record(tx, {
      action: 'service_secret_revoked',
      actor: actorOf(caller.principal),
      resource: { type: 'service', id },
      before: { secret: secretId },
      request: caller.request,
    });
  });

import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnPerson } from '../people/index.ts';
import { endGuestSessions } from '../sessions/index.ts';
import { deletePrincipal, loadMembershipForUpdate, type MembershipRow } from './memberships.repo.ts';

/**
 * Ends a guest's membership with its roles, and the sessions with which the guest works here. The one in the home tenant ends with the user and not before.
 *
 * @throws {Problem} `memberships.home_fixed`, and whatever `actOnPerson` throws
 */
export function endMembership(deps: Deps, caller: Caller, id: string): Promise<void> {
  const now = deps.clock.now();
  return actOnPerson(
    deps,
    caller,
    { type: 'membership', id, load: (tx) => loadMembershipForUpdate(tx, id, now) },
    async (tx, membership) => {
      if (membership.user_tenant_id === membership.tenant_id)
        throw new Problem('memberships.home_fixed', { detail: 'Suspend or delete the user instead.' });
      await endGuestMembership(deps, tx, membership, caller);
    },
  );
}

/** By whom it may be ended is settled, and its row is held. */
export async function endGuestMembership(
  deps: Deps,
  tx: TenantTx,
  { id, user_id: userId, user_tenant_id: userTenantId, status, roles }: MembershipRow,
  { principal, request }: Pick<Caller, 'principal' | 'request'>,
): Promise<void> {
  const now = deps.clock.now();
  const endedSessions = await endGuestSessions(tx, userId as UserId, 'membership ended', now);
  await deletePrincipal(tx, id, now);
  await deps.audit.record(tx, {
    action: 'membership_deleted',
    actor: actorOf(principal),
    resource: { type: 'membership', id },
    before: { userId, userTenantId, status, roles },
    after: { endedSessions },
    request,
  });
}

import type { Membership } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnPerson } from '../people/index.ts';
import { endGuestSessions } from '../sessions/index.ts';
import { membershipOf } from './membership-of.ts';
import { loadMembership, loadMembershipForUpdate, setPrincipalStatus } from './memberships.repo.ts';

/**
 * Suspends a membership, or lets a suspended one in again: from the next request on. The sessions with which the guest works
 * here end; the user and the user's other memberships are not touched. The status that it has already changes nothing.
 *
 * @throws {Problem} `memberships.home_fixed`, and whatever `actOnPerson` throws
 */
export async function setMembershipStatus(
  deps: Deps,
  caller: Caller,
  id: string,
  status: 'active' | 'suspended',
): Promise<Membership> {
  const now = deps.clock.now();
  const row = await actOnPerson(
    deps,
    caller,
    { type: 'membership', id, load: (tx) => loadMembershipForUpdate(tx, id, now) },
    async (tx, membership) => {
      // SECURITY: at home it is the user who is suspended, which ends the sessions and is judged at sign-in; here neither would be.
      if (membership.user_tenant_id === membership.tenant_id && status === 'suspended')
        throw new Problem('memberships.home_fixed', { detail: 'Suspend the user instead.' });
      if (membership.status === status) return membership;
      // Before the status: its entry in the revocation log holds the tenant's row, and who suspends the tenant takes the two in this order.
      const endedSessions =
        status === 'suspended'
          ? await endGuestSessions(tx, membership.user_id as UserId, 'membership suspended', now)
          : undefined;
      await setPrincipalStatus(tx, id, status, now);
      await deps.audit.record(tx, {
        action: 'membership_updated',
        actor: actorOf(caller.principal),
        resource: { type: 'membership', id },
        before: { status: membership.status },
        after: { status, ...(endedSessions !== undefined && { endedSessions }) },
        request: caller.request,
      });
      return loadMembership(tx, id, now);
    },
  );
  if (!row) throw new Error('a membership that was changed is not there');
  return membershipOf(row);
}

import type { Membership } from '@gatehouse/contracts';
import { homeOf } from '../../platform/access/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import { type Caller, recordDenied } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { membershipOf } from './membership-of.ts';
import { insertMembership, loadMembership } from './memberships.repo.ts';

/**
 * Makes a colleague a member of the entered tenant (spec T4): a user of the caller's own home, who works there from now on
 * with no role until one is granted. Who is at home in the entered tenant is a member of it already.
 *
 * SECURITY: whose user it is comes from the caller's session and never from the request, and the foreign key on
 * (tenant, user) is what finds the user: an id of any third tenant meets nothing, and nothing is read there (threats 5, 6).
 *
 * @throws {Problem} `resource.not_found`, `memberships.exists`, `access.denied`
 */
export async function addMember(deps: Deps, caller: Caller, userId: string): Promise<Membership> {
  await checkNotGuest(deps, caller);
  const { principal, entered, request } = caller;
  const row = await deps.doors.withTenant(entered, async (tx) => {
    const now = deps.clock.now();
    const added = await insertMembership(tx, { userTenantId: homeOf(principal), userId, now });
    if (added === 'unknown_user')
      throw new Problem('resource.not_found', { detail: 'There is no such user in your own tenant.' });
    if (added === 'exists')
      throw new Problem('memberships.exists', { detail: 'Give roles to the membership that is there.' });
    await deps.audit.record(tx, {
      action: 'membership_created',
      actor: actorOf(principal),
      resource: { type: 'membership', id: added },
      after: { userId, userTenantId: homeOf(principal), status: 'active' },
      request,
    });
    return loadMembership(tx, added, now);
  });
  if (!row) throw new Error('a membership that was made is not there');
  return membershipOf(row);
}

// SECURITY: a guest's rights say nothing about the people of the guest's home, so a guest brings nobody along: neither into the
// tenant that the session works in, nor from there into a customer of it.
async function checkNotGuest(deps: Deps, caller: Caller): Promise<void> {
  const { principal, entered } = caller;
  if (homeOf(principal) === principal.tenantId) return;
  await recordDenied(deps, caller, {
    permission: 'memberships:create',
    resource: { type: 'tenant', id: entered.tenantId },
  });
  throw new Problem('access.denied', {
    detail: 'Bring people in from your own tenant, through /api/v1/tenants/{id}/memberships.',
  });
}

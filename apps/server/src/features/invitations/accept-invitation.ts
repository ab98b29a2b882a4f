import type { AcceptedInvitation } from '@gatehouse/contracts';
import { emailKey } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { lockPerson } from '../people/index.ts';
import { bindGuest, loadTenantName } from './invitations.repo.ts';
import { lockAdministrators } from '../roles/index.ts';
import { enterByLink, otherAddress, readToAccept, spendInvitation } from './open-invitation.ts';

/**
 * Accepts an invitation with the account that one is signed in to: a membership in the inviting tenant, with the roles that came
 * with it. The account stays where it is; what governs it does not change (spec T4).
 *
 * SECURITY: it takes the link and an account whose proved address is the invited one. The link alone, passed on, opens nothing to
 * anybody else; the address alone, typed and never proved, neither (threat 24).
 *
 * @throws {Problem} `auth.link_invalid`, `invitations.other_address`, `users.email_unverified`, `memberships.exists`,
 *   `tenants.user_limit_reached`, `auth.session_expired`
 */
export async function acceptInvitation(
  deps: Deps,
  principal: SignedInPrincipal,
  token: string,
  request: RequestContext,
): Promise<AcceptedInvitation> {
  const { homeTenantId, userId } = principal;
  const inside = enterByLink(token, homeTenantId);
  const isProved = await deps.provedAddresses.isProved(homeTenantId, userId);
  return deps.doors.withTenant(inside, async (tx) => {
    await lockAdministrators(tx);
    await lockPerson(tx, userId);
    const invitation = await readToAccept(deps, tx, token, request);
    const { id, roles } = invitation;
    if (emailKey(principal.email) !== invitation.email_key) throw otherAddress();
    if (!isProved)
      throw new Problem('users.email_unverified', {
        detail: 'Have a link mailed that confirms the address of your account, and come back.',
      });
    const bound = await bindGuest(tx, id, { tenantId: homeTenantId, userId }, deps.clock.now());
    if (bound === 'exists')
      throw new Problem('memberships.exists', { detail: 'You belong to this tenant already.' });
    if (bound === 'unknown_user') throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    await deps.subjectKeys.setHolder(tx, id, { user: { tenantId: homeTenantId, id: userId } });
    await spendInvitation(deps, tx, token, invitation, userId);
    await deps.audit.record(tx, {
      action: 'invitation_accepted',
      actor: actorOf(principal),
      resource: { type: 'membership', id },
      after: { userId, userTenantId: homeTenantId, roles },
      request,
    });
    return { tenantId: tx.tenantId, tenantName: await loadTenantName(tx), membershipId: id };
  });
}

import type { CreateInvitation, Invitation } from '@gatehouse/contracts';
import { emailKey } from '../../platform/email.ts';
import { Problem } from '../../platform/http/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkUserLimit, loadUserByAddress } from '../people/index.ts';
import { checkMayAssign, lockAdministrators } from '../roles/index.ts';
import { invitationOf } from './invitation-of.ts';
import { countOpenInvitations, loadInvitation } from './invitations.repo.ts';
import { makeInvitation } from './make-invitation.ts';

/**
 * Invites whoever reads the mail of an address into the entered tenant (spec T4, W12): somebody with an account becomes a guest
 * here, somebody without one a user.
 *
 * SECURITY: whether the address has an account is not looked up, neither here nor anywhere before the link comes back: the
 * statements are the same, and so is the answer (threat 51). What the inviter may see anyway is said: a user of this tenant.
 *
 * @throws {Problem} `users.email_in_use`, `invitations.exists`, `tenants.user_limit_reached`, `access.denied`, `rate.limited`, and whatever `grant` throws
 */
export async function invite(deps: Deps, caller: Caller, input: CreateInvitation): Promise<Invitation> {
  const { entered } = caller;
  const { email, roles = [] } = input;
  if (roles.length > 0) await checkMayAssign(deps, caller);
  const now = deps.clock.now();
  const row = await deps.mailLimits.withinLimits('invitation', entered.actorTenantId, email, () =>
    deps.doors.withTenant(entered, async (tx) => {
      // One at a time in a tenant, so that no two are promised the last place; and before any row, in the order of all locks (ADR 0059).
      await lockAdministrators(tx);
      if (await loadUserByAddress(tx, emailKey(email)))
        throw new Problem('users.email_in_use', {
          detail: 'Somebody of this tenant has this address: they need no invitation.',
        });
      await checkUserLimit(tx, await countOpenInvitations(tx, now));
      const id = await makeInvitation(deps, tx, caller, { email, roles, importId: null });
      if (id === undefined)
        throw new Problem('invitations.exists', {
          detail: 'Send the open invitation again, or take it back.',
        });
      return loadInvitation(tx, id, now);
    }),
  );
  if (!row) throw new Error('an invitation that was made is not there');
  return invitationOf(row, now);
}

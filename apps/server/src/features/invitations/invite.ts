import type { CreateInvitation, Invitation } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { addressIndex } from '../../platform/address-index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkUserLimit, loadUserByAddress } from '../people/index.ts';
import { checkMayAssign, grant } from '../roles/index.ts';
import { invitationOf } from './invitation-of.ts';
import {
  countOpenInvitations,
  deleteInvitation,
  insertInvitation,
  loadExpiredForUpdate,
  loadInvitation,
} from './invitations.repo.ts';
import { INVITATION_SECONDS, mailInvitation } from './mail-invitation.ts';

/**
 * Invites whoever reads the mail of an address into the entered tenant (spec T4, W12): somebody with an account becomes a guest
 * here, somebody without one a user. The roles are granted now, by the inviter, to a principal that counts once the invitation
 * is accepted (ADR 0049).
 *
 * SECURITY: whether the address has an account is not looked up, neither here nor anywhere before the link comes back: the
 * statements are the same, and so is the answer (threat 51). What the inviter may see anyway is said: a user of this tenant.
 *
 * @throws {Problem} `users.email_in_use`, `invitations.exists`, `tenants.user_limit_reached`, `access.denied`, `rate.limited`, and whatever `grant` throws
 */
export async function invite(deps: Deps, caller: Caller, input: CreateInvitation): Promise<Invitation> {
  const { principal, entered, request } = caller;
  const roles = input.roles ?? [];
  if (roles.length > 0) await checkMayAssign(deps, caller);
  const now = deps.clock.now();
  const key = emailKey(input.email);
  const row = await deps.mailLimits.withinLimits('invitation', entered.actorTenantId, input.email, () =>
    deps.doors.withTenant(entered, async (tx) => {
      if (await loadUserByAddress(tx, key))
        throw new Problem('users.email_in_use', {
          detail: 'Somebody of this tenant has this address: they need no invitation.',
        });
      await checkUserLimit(tx, await countOpenInvitations(tx, now));
      await giveWay(deps, tx, caller, key);
      const id = await insertInvitation(tx, {
        email: input.email,
        emailKey: key,
        invitedBy: { userId: principal.userId, tenantId: principal.homeTenantId },
        now,
        expiresAt: new Date(now.getTime() + INVITATION_SECONDS * 1000),
      });
      if (id === undefined)
        throw new Problem('invitations.exists', {
          detail: 'Send the open invitation again, or take it back.',
        });
      await deps.audit.record(tx, {
        action: 'invitation_created',
        actor: actorOf(principal),
        resource: { type: 'invitation', id },
        after: { email: personal({ tenantId: tx.tenantId, id }, input.email), roles },
        request,
      });
      await deps.subjectKeys.setHolder(tx, id, { address: addressIndex(deps.blindIndex, input.email) });
      for (const role of roles) await grant(deps, tx, principal, { principalId: id, role }, request);
      await mailInvitation(deps, tx, { id, email: input.email }, request.correlationId);
      return loadInvitation(tx, id, now);
    }),
  );
  if (!row) throw new Error('an invitation that was made is not there');
  return invitationOf(row, now);
}

/** An invitation of the address that has expired gives way to the new one, and that is on record with it. */
async function giveWay(deps: Deps, tx: TenantTx, caller: Caller, key: string): Promise<void> {
  const expired = await loadExpiredForUpdate(tx, key, deps.clock.now());
  if (expired === undefined || !(await deleteInvitation(tx, expired.id))) return;
  const { id, email, roles } = expired;
  await deps.audit.record(tx, {
    action: 'invitation_revoked',
    actor: actorOf(caller.principal),
    resource: { type: 'invitation', id },
    before: { email: personal({ tenantId: tx.tenantId, id }, email), roles },
    after: { reason: 'expired' },
    request: caller.request,
  });
}

import type { Invitation } from '@gatehouse/contracts';
import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnInvitation } from './act-on-invitation.ts';
import { invitationOf } from './invitation-of.ts';
import { loadInvitation, loadOpenInvitation } from './invitations.repo.ts';
import { mailInvitation } from './mail-invitation.ts';

/**
 * Mails a new link for an invitation, also for one that has expired; the ones before end.
 *
 * @throws {Problem} `resource.not_found`, `access.denied`, `rate.limited`
 */
export async function resendInvitation(deps: Deps, caller: Caller, id: string): Promise<Invitation> {
  const now = deps.clock.now();
  const found = await deps.doors.withTenant(caller.entered, (tx) => loadOpenInvitation(tx, id, now));
  const resend = () =>
    actOnInvitation(deps, caller, id, async (tx, { email }) => {
      await mailInvitation(deps, tx, { id, email }, caller.request.correlationId);
      await deps.audit.record(tx, {
        action: 'invitation_resent',
        actor: actorOf(caller.principal),
        resource: { type: 'invitation', id },
        after: { email: personal({ tenantId: tx.tenantId, id }, email) },
        request: caller.request,
      });
      return loadInvitation(tx, id, now);
    });
  // Without one there is no mail to count, and the act says that it is not there.
  const row = found
    ? await deps.mailLimits.withinLimits('invitation', caller.entered.actorTenantId, found.email, resend)
    : await resend();
  if (!row) throw new Error('an invitation that was sent is not there');
  return invitationOf(row, now);
}

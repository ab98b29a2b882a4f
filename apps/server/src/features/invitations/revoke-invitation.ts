import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnInvitation } from './act-on-invitation.ts';
import { closeInvitation } from './invitations.repo.ts';

/** Takes an invitation back: its link opens nothing from then on, and the roles that it would have given are gone. */
export const revokeInvitation = (deps: Deps, caller: Caller, id: string): Promise<void> =>
  actOnInvitation(deps, caller, id, async (tx, invitation) => {
    const { email, roles } = invitation;
    await deps.oneTimeTokens.revoke(tx, 'invitation', id);
    await closeInvitation(tx, invitation, {
      outcome: 'revoked',
      acceptedBy: null,
      now: deps.clock.now(),
    });
    await deps.audit.record(tx, {
      action: 'invitation_revoked',
      actor: actorOf(caller.principal),
      resource: { type: 'invitation', id },
      before: { email: personal({ tenantId: tx.tenantId, id }, email), roles },
      request: caller.request,
    });
  });

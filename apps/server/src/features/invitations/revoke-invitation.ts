import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnInvitation } from './act-on-invitation.ts';
import { deleteInvitation } from './invitations.repo.ts';

/** Takes an invitation back: its link opens nothing from then on, and the roles that it would have given are gone. */
export const revokeInvitation = (deps: Deps, caller: Caller, id: string): Promise<void> =>
  actOnInvitation(deps, caller, id, async (tx, { email, roles }) => {
    await deps.oneTimeTokens.revoke(tx, 'invitation', id);
    await deleteInvitation(tx, id);
    await deps.audit.record(tx, {
      action: 'invitation_revoked',
      actor: actorOf(caller.principal),
      resource: { type: 'invitation', id },
      before: { email: personal({ tenantId: tx.tenantId, id }, email), roles },
      request: caller.request,
    });
  });

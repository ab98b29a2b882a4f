import type { TenantTx } from '../../platform/database/index.ts';
import type { Deps } from '../deps.ts';
import { INVITATION_DAYS, invitationMail } from './invitations.mails.ts';
import { loadTenantName } from './invitations.repo.ts';

export const INVITATION_SECONDS = INVITATION_DAYS * 86_400;

/** Mails the single-use link of an invitation. Links mailed before end: at any time at most one is good. */
export async function mailInvitation(
  deps: Deps,
  tx: TenantTx,
  to: { id: string; email: string },
  correlationId: string,
): Promise<void> {
  await deps.oneTimeTokens.revoke(tx, 'invitation', to.id);
  const token = await deps.oneTimeTokens.issue(tx, 'invitation', {
    subjectId: to.id,
    lifetimeSeconds: INVITATION_SECONDS,
  });
  const mail = invitationMail(deps.config, { email: to.email, tenant: await loadTenantName(tx) }, token);
  await deps.outbox.mail(tx, 'invitation', mail, correlationId);
}

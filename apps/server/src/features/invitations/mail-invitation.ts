import type { TenantTx } from '../../platform/database/index.ts';
import type { Deps } from '../deps.ts';
import { invitationMail } from './invitations.mails.ts';
import { loadTenantName, markSent } from './invitations.repo.ts';

/** Until when a link that is mailed now is good: as many days as the tenant says. */
export async function endOfLink(deps: Deps, tx: TenantTx): Promise<{ days: number; expiresAt: Date }> {
  const { expireDays: days } = (await deps.tenantRules.within(tx)).invitations;
  return { days, expiresAt: new Date(deps.clock.now().getTime() + days * 86_400_000) };
}

/** Mails the single-use link of an invitation. Links mailed before end: at any time at most one is good. */
export async function mailInvitation(
  deps: Deps,
  tx: TenantTx,
  to: { id: string; email: string },
  correlationId: string,
): Promise<void> {
  const { days, expiresAt } = await endOfLink(deps, tx);
  await deps.oneTimeTokens.revoke(tx, 'invitation', to.id);
  const token = await deps.oneTimeTokens.issue(tx, 'invitation', {
    subjectId: to.id,
    lifetimeSeconds: days * 86_400,
  });
  const tenant = await loadTenantName(tx);
  const mail = invitationMail(deps.config, { email: to.email, tenant, days }, token);
  const mailId = await deps.outbox.mail(tx, 'invitation', mail, correlationId);
  await markSent(tx, to.id, { mailId, at: deps.clock.now(), expiresAt });
}

import type { TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { setPasswordMail } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { loadTenantName } from './users.repo.ts';

const LINK_SECONDS = 72 * 3600;

/**
 * SECURITY: whoever adds an address has not proved that it is theirs: nobody's mailbox is filled by pressing a button, whoever
 * presses it, and neither by deleting a user and adding it anew.
 *
 * @throws {Problem} `rate.limited`, and whatever the act throws
 */
export function whileLinksAreLeft<T>(
  deps: Deps,
  { entered }: Caller,
  email: string,
  act: () => Promise<T>,
): Promise<T> {
  if (deps.config.authPolicy === 'restricted') return act();
  return deps.mailLimits.withinLimits('set-password', entered.actorTenantId, email, act);
}

/**
 * Mails a single-use link with which a new user chooses a password. Links mailed before end: at any time at most one is good.
 * The mail leaves after the transaction, and not without it (outbox). Where the deployment takes single sign-on only, there
 * is no password to set and no link.
 */
export async function mailSetPasswordLink(
  deps: Deps,
  tx: TenantTx,
  to: { id: UserId; email: string },
  correlationId: string,
): Promise<void> {
  if (deps.config.authPolicy === 'restricted') return;
  await deps.oneTimeTokens.revoke(tx, 'set-password', to.id);
  const token = await deps.oneTimeTokens.issue(tx, 'set-password', {
    subjectId: to.id,
    lifetimeSeconds: LINK_SECONDS,
  });
  const mail = setPasswordMail(deps.config, { email: to.email, tenant: await loadTenantName(tx) }, token);
  await deps.outbox.mail(tx, 'set_password', mail, correlationId);
}

import type { ChangeEmailRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import { emailKey } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { actorOf, personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { checkEmailDomain } from '../settings/index.ts';
import { isOpenAccount, loadAccount, lockUser } from './account.repo.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { isPasswordStill } from './present-password.ts';
import { EMAIL_LINK_SECONDS } from './links.ts';
import { checkPasswordsAllowed } from './login.ts';
import { checkOwnPassword, currentWrong, ownerOf } from './own-password.ts';
import { addressInUseMail, confirmNewEmailMail, emailChangeRequestedMail } from './recovery.mails.ts';

/**
 * Asks to sign in with another address (spec W11): a link goes there, and the present address is told. Nothing changes before
 * the link comes back.
 *
 * Whether the new address signs in to somebody else's account is told to its mailbox only: the answer and the work are the same.
 *
 * @throws {Problem} `auth.sso_required`, `users.email_unchanged`, `users.email_domain_refused`, `password.current_wrong`, `auth.account_locked`,
 *   `auth.session_expired`, `rate.limited`, `auth.busy`
 */
export async function changeEmail(
  deps: Deps,
  principal: SignedInPrincipal,
  input: ChangeEmailRequest,
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  const key = emailKey(input.newEmail);
  if (key === emailKey(principal.email))
    throw new Problem('users.email_unchanged', { detail: 'You sign in with this address already.' });
  checkEmailDomain(await deps.tenantRules.get(principal.homeTenantId), input.newEmail);
  const proven = await checkOwnPassword(deps, ownerOf(principal), input.password, request);
  await deps.mailLimits.checkAddress('change-email-notice', principal.email);
  await deps.mailLimits.checkAddress('change-email', input.newEmail);
  const holder = await loadAccount(deps.doors, key);
  const { userId, homeTenantId: tenantId } = principal;
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user)) throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    if (!(await isPasswordStill(deps, tx, proven))) throw currentWrong();
    await deps.oneTimeTokens.revoke(tx, 'change-email', userId);
    // The token is made either way; for an address in use nobody ever receives it.
    const token = await deps.oneTimeTokens.issue(tx, 'change-email', {
      subjectId: userId,
      payload: { email: input.newEmail },
      lifetimeSeconds: EMAIL_LINK_SECONDS,
    });
    const mails = [
      holder
        ? addressInUseMail(deps.config, holder.email)
        : confirmNewEmailMail(deps.config, input.newEmail, token),
      emailChangeRequestedMail(deps.config, user.email, input.newEmail, request),
    ];
    for (const mail of mails) await deps.outbox.mail(tx, 'change_email', mail, request.correlationId);
    await deps.audit.record(tx, {
      action: 'email_change_requested',
      actor: actorOf(principal),
      resource: { type: 'user', id: userId },
      after: { email: personal({ tenantId, id: userId }, input.newEmail) },
      request,
    });
  });
}

import { enterOwn } from '../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { actorOf, personal } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { isOpenAccount, lockUser } from './account.repo.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { EMAIL_LINK_SECONDS } from './links.ts';
import { verifyEmailMail } from './recovery.mails.ts';

/**
 * Mails somebody who is signed in a link that proves their address; the ones before end.
 *
 * @throws {Problem} `users.email_verified`, `auth.session_expired`, `rate.limited`
 */
export async function sendVerification(
  deps: Deps,
  principal: SignedInPrincipal,
  request: RequestContext,
): Promise<void> {
  const { userId, homeTenantId: tenantId } = principal;
  await deps.mailLimits.checkAddress('verify-email', principal.email);
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user)) throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    if (user.email_verified_at !== null)
      throw new Problem('users.email_verified', { detail: 'There is nothing left to confirm.' });
    await deps.oneTimeTokens.revoke(tx, 'verify-email', userId);
    const token = await deps.oneTimeTokens.issue(tx, 'verify-email', {
      subjectId: userId,
      payload: { emailKey: user.email_key },
      lifetimeSeconds: EMAIL_LINK_SECONDS,
    });
    const mail = verifyEmailMail(deps.config, user.email, token);
    await deps.outbox.mail(tx, 'verify_email', mail, request.correlationId);
    await deps.audit.record(tx, {
      action: 'email_verification_requested',
      actor: actorOf(principal),
      resource: { type: 'user', id: userId },
      after: { email: personal({ tenantId, id: userId }, user.email) },
      request,
    });
  });
}

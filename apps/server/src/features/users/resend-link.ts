import type { User } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf, personal } from '../audit/index.ts';
import { checkPasswordsAllowed } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { changeUser } from './act-on-user.ts';
import { mailSetPasswordLink, whileLinksAreLeft } from './set-password-link.ts';
import { loadUser } from './users.repo.ts';

/**
 * Mails an invited user a new set-password link; the ones before end.
 *
 * @throws {Problem} `users.not_invited`, `auth.sso_required`, `rate.limited`
 */
export async function resendLink(deps: Deps, caller: Caller, id: string): Promise<User> {
  checkPasswordsAllowed(deps);
  const invited = await deps.doors.withTenant(caller.entered, (tx) => loadUser(tx, id, deps.clock.now()));
  const resend = () =>
    changeUser(deps, caller, id, async (tx, user) => {
      if (user.status !== 'invited')
        throw new Problem('users.not_invited', {
          detail: 'Only a user who has not set a password yet gets a link.',
        });
      await mailSetPasswordLink(deps, tx, user, caller.request.correlationId);
      await deps.audit.record(tx, {
        action: 'user_link_sent',
        actor: actorOf(caller.principal),
        resource: { type: 'user', id: user.id },
        after: { email: personal({ tenantId: tx.tenantId, id: user.id }, user.email) },
        request: caller.request,
      });
    });
  // Without an invited user there is no mail to count, and the act says why.
  if (invited?.status !== 'invited') return resend();
  return whileLinksAreLeft(deps, caller, invited.email, resend);
}

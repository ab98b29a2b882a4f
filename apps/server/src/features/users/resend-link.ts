import type { User } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { actorOf, personal } from '../audit/index.ts';
import { checkPasswordsAllowed } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { changeUser } from './act-on-user.ts';
import { mailSetPasswordLink } from './set-password-link.ts';

const HOUR = 3600;
const LINKS_AN_HOUR = 10;

/**
 * Mails an invited user a new set-password link; the ones before end.
 *
 * @throws {Problem} `users.not_invited`, `auth.sso_required`, `rate.limited`
 */
export async function resendLink(deps: Deps, caller: Caller, id: string): Promise<User> {
  checkPasswordsAllowed(deps);
  return changeUser(deps, caller, id, async (tx, user) => {
    if (user.status !== 'invited')
      throw new Problem('users.not_invited', {
        detail: 'Only a user who has not set a password yet gets a link.',
      });
    await checkNotTooOften(deps, tx, user.id);
    await mailSetPasswordLink(deps, tx, user, caller.request.correlationId);
    await deps.audit.record(tx, {
      action: 'user_link_sent',
      actor: actorOf(caller.principal),
      resource: { type: 'user', id: user.id },
      after: { email: personal({ tenantId: tx.tenantId, id: user.id }, user.email) },
      request: caller.request,
    });
  });
}

/** SECURITY: whoever adds an address has not proved that it is theirs: nobody's mailbox is filled by pressing a button. */
async function checkNotTooOften(deps: Deps, tx: TenantTx, userId: UserId): Promise<void> {
  if ((await deps.oneTimeTokens.countIssued(tx, 'set-password', userId, HOUR)) < LINKS_AN_HOUR) return;
  throw new Problem('rate.limited', {
    detail: `At most ${LINKS_AN_HOUR} links an hour are mailed to one person.`,
    retryAfter: HOUR,
  });
}

import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import { goOn, hasSecondFactor, insufficient, keptAmr, type OpenedSession } from '../../auth/index.ts';
import type { Deps } from '../../deps.ts';
import { checkAllowedDomain, vouchedOf } from '../entering.ts';
import { isAboveAuthor } from '../first-sign-in.ts';
import { findIdentity, keyOf, loadLink } from '../identities.repo.ts';
import { isWithheld } from '../link-own-identity.ts';
import { notProvedAnew } from '../provider-problem.ts';
import { isProvedSince } from '../providers/proof-time.ts';
import type { ProvedIdentity } from '../providers/provider.ts';
import type { Returned } from '../redeem-answer.ts';
import { type Attempt, expired } from '../sign-in-attempt.ts';

/**
 * Lets a session go on, under a new id, with the time at which the provider has had its owner prove who they are. Its end does not
 * move, nor does what it has proved besides.
 *
 * SECURITY: for the session that asked, in the browser that has it, by the provider's account that enters this very user, and only
 * when the provider says that the proof came after it was asked for: its own session may stand open in a borrowed browser (threats 33, 35).
 *
 * @throws {Problem} `auth.sign_in_expired`, `auth.other_account`, `auth.not_proved_anew`, `auth.sign_in_refused`,
 *   `auth.insufficient_user_authentication`, `auth.session_expired`
 */
export async function finishStepUp(
  deps: Deps,
  returned: Returned & { identity: ProvedIdentity },
  { userId, tenantId, sessionId, since }: NonNullable<Attempt['proves']>,
  request: RequestContext,
): Promise<OpenedSession> {
  const { row, client, identity } = returned;
  const held = await returned.sessionIn(client);
  if (held ? held.sessionId !== sessionId : !isWithheld(deps, client)) throw expired();
  const session = await deps.sessionContexts.get(tenantId, sessionId);
  if (session === undefined) throw expired();
  const key = keyOf(returned);
  const found = await findIdentity(deps.doors, key);
  if (found?.userId !== userId || found.tenantId !== tenantId) throw otherAccount();
  const { provedAt } = identity;
  if (!isProvedSince(provedAt, new Date(since))) throw notProvedAnew(row);
  const standing = { userId, sessionId, homeTenantId: tenantId, tenantId: session.active_tenant_id, session };
  return goOn(
    deps,
    standing,
    keptAmr(session),
    request,
    async (tx, user) => {
      checkAllowedDomain(deps, user.email);
      const link = await loadLink(tx, key, userId);
      if (!link) throw otherAccount();
      // As at each sign-in: whoever stands above the connection's author is let in by it only where they made the link themselves.
      if (link.linkedBy === 'connection' && (await isAboveAuthor(deps, tx, row, userId))) throw expired();
      // SECURITY: added in another tab meanwhile.
      if (await hasSecondFactor(tx, userId)) throw insufficient('2', 0);
    },
    { ...vouchedOf(returned), provedAt },
  );
}

const otherAccount = () =>
  new Problem('auth.other_account', { detail: 'Choose there the account by which you signed in here.' });

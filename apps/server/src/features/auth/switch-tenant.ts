import { enterHomeFrom, enterTenant } from '../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { endSession } from '../sessions/index.ts';
import { isOpenAccount, lockUser } from './account.repo.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { clientNotAllowed, isServedBy } from './login.ts';
import { keptAmr, type OpenedSession, openSession } from './open-session.ts';
import { isSettledBy, isSettledForGuest } from './second-factor/policy.ts';
import { insufficient } from './second-factor/step-up.ts';
import { holdGround, loadSessionLife } from './sessions.repo.ts';

/** A proof of today is recent enough: the tenant asks that there was one. */
const DAY = 86_400;

/**
 * Goes on in another tenant that the user belongs to (spec T4): the session ends, and one that works there begins. So each token
 * means one tenant, a page that does not know yet that the tenant was switched changes nothing in the new one, and services that
 * follow the revocation log refuse the token with the former roles (ADR 0048).
 *
 * Nobody proved anything anew: sign-in time and end of the session stay as they were, by the rules of the home tenant.
 *
 * @throws {Problem} `resource.not_found`, `auth.client_not_allowed`, `auth.session_expired`,
 *   `auth.insufficient_user_authentication` where the tenant demands a second factor and this session has proved none
 */
export async function switchTenant(
  deps: Deps,
  principal: SignedInPrincipal,
  tenantId: string,
  request: RequestContext,
): Promise<OpenedSession> {
  const { userId, sessionId, homeTenantId } = principal;
  const inside = await enterTenant({ kind: 'member', tenantId: homeTenantId, userId }, tenantId, deps.doors);
  const client = await deps.clients.get(principal.session.client_id);
  // SECURITY: an app that one tenant registered gets no tokens of another, whoever uses it.
  if (!isServedBy(client, inside)) throw clientNotAllowed();
  const { mfa } = await deps.tenantRules.get(inside.tenantId);
  const isSettled = inside.tenantId === homeTenantId ? isSettledBy : isSettledForGuest;
  if (!isSettled(mfa, principal.session.amr)) throw insufficient('2', DAY);
  return deps.doors.withTenant(enterHomeFrom(inside), async (tx) => {
    const user = await lockUser(tx, userId);
    const isHeld = await holdGround(tx, inside.tenantId, principal.session.client_id);
    const life = await loadSessionLife(tx, sessionId);
    const ended = await endSession(tx, sessionId, 'tenant switched', deps.clock.now());
    // SECURITY: of many switches of one session at once, one finds it open.
    if (!isOpenAccount(user) || !isHeld || !life || !ended)
      throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    return openSession(
      deps,
      tx,
      {
        userId,
        client,
        amr: keptAmr(principal.session),
        activeTenantId: inside.tenantId,
        replaces: { sessionId, because: 'tenant_switched', tenantId: principal.tenantId },
        life,
      },
      request,
    );
  });
}

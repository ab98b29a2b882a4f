import type { ChangePasswordRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { endSession } from '../sessions/index.ts';
import { isOpenAccount, loadPasswordHolder, lockUser } from './account.repo.ts';
import type { SignedInPrincipal } from './authenticate.ts';
import { isPasswordStill } from './present-password.ts';
import { checkPasswordsAllowed } from './login.ts';
import { checkNewPassword, hashNewPassword } from './new-password.ts';
import { type OpenedSession, openSession, withPassword } from './open-session.ts';
import { checkOwnPassword, currentWrong, ownerOf } from './own-password.ts';
import { holdGround } from './sessions.repo.ts';
import { acrOf } from './second-factor/policy.ts';
import { setPassword } from './set-password.ts';

/**
 * Changes the password of somebody who is signed in and knows the present one (spec W11). All other sessions end; the one that
 * asked goes on under a new id, in the tenant that it works in, so that an id that somebody has seen is worth nothing (threat 33).
 *
 * @throws {Problem} `auth.sso_required`, `password.current_wrong`, `auth.account_locked`, `auth.session_expired`, what
 *   `checkNewPassword` and `hashNewPassword` throw
 */
export async function changePassword(
  deps: Deps,
  principal: SignedInPrincipal,
  input: ChangePasswordRequest,
  request: RequestContext,
): Promise<OpenedSession> {
  checkPasswordsAllowed(deps);
  const rules = await deps.tenantRules.get(principal.homeTenantId);
  const password = checkNewPassword(deps, rules.password, input.newPassword, 'newPassword');
  const proven = await checkOwnPassword(deps, ownerOf(principal), input.currentPassword, request);
  const client = await deps.clients.get(principal.session.client_id);
  const home = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
  const holder = await deps.doors.withTenant(home, (tx) => loadPasswordHolder(tx, principal.userId));
  if (!holder) throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
  const passwordHash = await hashNewPassword(deps, password, holder);
  return deps.doors.withTenant(home, async (tx) => {
    const { userId, sessionId } = principal;
    const user = await lockUser(tx, userId);
    const isHeld = await holdGround(tx, principal.tenantId, principal.session.client_id);
    // SECURITY: meanwhile somebody may have ended the session or set another password: who asked is no longer who may.
    const ended = await endSession(tx, sessionId, 'password changed', deps.clock.now());
    if (!isOpenAccount(user) || !isHeld || !ended)
      throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    if (!(await isPasswordStill(deps, tx, proven))) throw currentWrong();
    await setPassword(
      deps,
      tx,
      {
        user: { id: userId, email: user.email },
        passwordHash,
        ground: { by: 'owner', proven },
        actor: actorOf(principal),
      },
      request,
    );
    return openSession(
      deps,
      tx,
      {
        userId,
        client,
        amr: withPassword(principal.session),
        // SECURITY: a password is no second factor, and makes none recent.
        ...(acrOf(principal.session.amr) === '2' && { life: { authTime: principal.session.auth_time } }),
        activeTenantId: principal.tenantId,
        replaces: { sessionId, because: 'session_rotated', tenantId: principal.tenantId },
      },
      request,
    );
  });
}

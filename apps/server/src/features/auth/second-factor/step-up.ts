import type { StepUpRequest } from '@gatehouse/contracts';
import { enterOwn, type StepUp } from '../../../platform/access/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import { endSession } from '../../sessions/index.ts';
import { isOpenAccount, type LockedUser, lockUser } from '../account.repo.ts';
import type { SignedInPrincipal } from '../authenticate.ts';
import { ssoRequired } from '../sso-required.ts';
import { checkPasswordsAllowed } from '../login.ts';
import { type OpenedSession, openSession, type SettledAmr, withPassword } from '../open-session.ts';
import { checkOwnPassword, currentWrong, ownerOf } from '../own-password.ts';
import { isPasswordStill } from '../present-password.ts';
import { hasPassword } from '../credentials.repo.ts';
import type { Vouched } from '../proof-time.ts';
import { holdGround, loadSessionLife } from '../sessions.repo.ts';
import { hasSecondFactor } from './factors.repo.ts';
import { acrOf, withSecondFactor } from './policy.ts';
import { proveFactor, spendFactor } from './prove-factor.ts';

const homeOf = ({ homeTenantId }: Pick<SignedInPrincipal, 'homeTenantId'>) =>
  enterOwn({ kind: 'claim', tenantId: homeTenantId });

/** Its own providers, and so no password (spec W10). */
const takesProvidersOnly = async (deps: Deps, { homeTenantId }: SignedInPrincipal) =>
  (await deps.tenantRules.get(homeTenantId)).signIn.policy === 'restricted';

/** What somebody could prove. A password counts for nothing where the deployment takes none. */
const waysOf = (deps: Deps, principal: SignedInPrincipal) =>
  deps.doors.withTenant(homeOf(principal), async (tx) => ({
    factor: await hasSecondFactor(tx, principal.userId),
    password:
      deps.config.authPolicy !== 'restricted' &&
      !(await takesProvidersOnly(deps, principal)) &&
      (await hasPassword(tx, principal.userId)),
  }));

/**
 * Whether somebody has proved recently, and strongly enough, who they are (RFC 9470). Strongly enough is a second factor wherever
 * the account has one; where it has none, the password, unless the route insists. Who has neither, coming by an identity provider,
 * signs in again.
 *
 * @throws {Problem} `auth.insufficient_user_authentication`, with what would do in `WWW-Authenticate`
 */
export async function checkStepUp(
  deps: Deps,
  principal: SignedInPrincipal,
  { maxAge, acr }: StepUp,
): Promise<void> {
  const { amr, auth_time: provedAt } = principal.session;
  const isRecent = deps.clock.now().getTime() - provedAt.getTime() <= maxAge * 1000;
  const isStrong = acrOf(amr) === '2';
  if (isRecent && isStrong) return;
  const ways = acr === '2' ? undefined : await waysOf(deps, principal);
  const needsSecond = ways === undefined || ways.factor;
  if (isRecent && !needsSecond) return;
  throw ways && !ways.factor && !ways.password
    ? signInAgain(maxAge)
    : insufficient(needsSecond ? '2' : '1', maxAge);
}

/** Without `acr_values`: nothing that could be proved here would do. */
const signInAgain = (maxAge: number) =>
  new Problem('auth.insufficient_user_authentication', {
    detail:
      'Have the identity provider that let you in prove it once more (POST /api/v1/auth/step-up/connection), or sign in again; then ask again.',
    headers: {
      'www-authenticate': `Bearer error="insufficient_user_authentication", error_description="A more recent authentication is required: sign in again", max_age="${maxAge}"`,
    },
  });

/** RFC 9470 §3. */
export const insufficient = (acr: '1' | '2', maxAge: number) =>
  new Problem('auth.insufficient_user_authentication', {
    detail: `Prove at /api/v1/auth/step-up once more that it is you, by ${acr === '2' ? 'a second factor' : 'your password'}; then ask again.`,
    headers: {
      'www-authenticate': `Bearer error="insufficient_user_authentication", error_description="A more recent or stronger authentication is required", acr_values="${acr}", max_age="${maxAge}"`,
    },
  });

/**
 * Proves once more who is signed in. The session goes on under a new id with the time of this proof (threat 33), and ends when it
 * would have ended.
 *
 * @throws {Problem} `request.invalid`, `factors.code_wrong`, `password.current_wrong`, `auth.account_locked`,
 *   `auth.sso_required`, `auth.session_expired`, `auth.insufficient_user_authentication` for a password where there is a second
 *   factor, `auth.busy`
 */
export async function stepUp(
  deps: Deps,
  principal: SignedInPrincipal,
  { password, ...proof }: StepUpRequest,
  request: RequestContext,
): Promise<OpenedSession> {
  const amr = principal.session.amr;
  const owner = ownerOf(principal);
  if (password === undefined) {
    const place = { at: 'session', by: principal.sessionId } as const;
    const proven = await proveFactor(deps, owner, proof, place, request);
    return goOn(deps, principal, withSecondFactor(amr, proven.method.amr), request, (tx) =>
      spendFactor(deps, tx, proven, request),
    );
  }
  if (Object.keys(proof).length > 0)
    throw new Problem('request.invalid', {
      detail: 'body must have one proof.',
      errors: [{ path: 'body', message: 'must have one proof' }],
    });
  checkPasswordsAllowed(deps);
  if (await takesProvidersOnly(deps, principal)) throw ssoRequired();
  const proven = await checkOwnPassword(deps, owner, password, request);
  return goOn(deps, principal, withPassword(principal.session), request, async (tx) => {
    if (!(await isPasswordStill(deps, tx, proven))) throw currentWrong();
    // SECURITY: or the password alone would make what a second factor has proved look recent.
    if (await hasSecondFactor(tx, principal.userId)) throw insufficient('2', 0);
  });
}

/** Whose session it is that goes on, and what it stands for. */
type Standing = Pick<SignedInPrincipal, 'userId' | 'sessionId' | 'tenantId' | 'homeTenantId'> & {
  session: Pick<SignedInPrincipal['session'], 'client_id'>;
};

/**
 * The session under another id, with what was proved now, or at the time that a provider says.
 *
 * @throws {Problem} `auth.session_expired`, what `work` and `openSession` throw
 */
export async function goOn(
  deps: Deps,
  principal: Standing,
  amr: SettledAmr,
  request: RequestContext,
  work: (tx: TenantTx, user: LockedUser) => Promise<void>,
  vouched?: Vouched & { provedAt: Date },
): Promise<OpenedSession> {
  const { userId, sessionId, tenantId } = principal;
  const client = await deps.clients.get(principal.session.client_id);
  return deps.doors.withTenant(homeOf(principal), async (tx) => {
    const user = await lockUser(tx, userId);
    const isHeld = await holdGround(tx, tenantId, client.clientId);
    const life = await loadSessionLife(tx, sessionId);
    const now = deps.clock.now();
    const ended = await endSession(tx, sessionId, 'proved once more', now);
    if (!isOpenAccount(user) || !isHeld || !life || !ended)
      throw new Problem('auth.session_expired', { detail: 'Sign in again.' });
    await work(tx, user);
    return openSession(
      deps,
      tx,
      {
        userId,
        client,
        amr,
        activeTenantId: tenantId,
        replaces: { sessionId, because: 'session_stepped_up', tenantId },
        vouched,
        life: { authTime: vouched?.provedAt ?? now, expiresAt: life.expiresAt },
      },
      request,
    );
  });
}

import type { SignedInUser, SignInAnswer, SignInResponse } from '@gatehouse/contracts';
import type { FastifyReply } from 'fastify';
import type { TenantId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import type { SignInOutcome } from './after-first-factor.ts';
import {
  clearPendingCookie,
  setDeviceCookie,
  setPendingCookie,
  setRememberedCookie,
  setTokenCookies,
} from './cookies.ts';
import { CSRF_HEADER, csrfToken } from './cross-site.ts';
import { rememberDevice } from './known-device.ts';
import type { OpenedSession } from './open-session.ts';
import type { TokenSubject } from './sessions.repo.ts';
import type { SigningBrowser } from './signing-browser.ts';

export const userOf = (session: TokenSubject, homeTenantId: TenantId): SignedInUser => ({
  id: session.user_id,
  tenantId: homeTenantId,
  email: session.email,
  name: session.name,
  // Nobody else has a session.
  status: 'active',
  createdAt: session.user_created_at.toISOString(),
});

/** Cookies and body of a fresh sign-in or renewal, by the client's token mode (spec S1, S5). */
export function answerSignedIn(deps: Deps, reply: FastifyReply, opened: OpenedSession): SignInResponse {
  const { client, accessToken, accessLifetime } = opened;
  const bearer = client.tokenMode === 'bearer';
  setTokenCookies(reply, deps.config, client, {
    access: bearer ? undefined : { token: accessToken, seconds: accessLifetime },
    refresh: { token: opened.refreshToken, seconds: opened.refreshLifetime },
  });
  reply.header('cache-control', 'no-store');
  reply.header(CSRF_HEADER, csrfToken(deps.sealer, opened.sessionId));
  const user = userOf(opened.session, opened.homeTenantId);
  return bearer
    ? { access_token: accessToken, token_type: 'Bearer', expires_in: accessLifetime, user }
    : { user };
}

/**
 * The same for what a first factor led to, on every way in. Of a browser in which somebody signed in the account is known from then
 * on.
 *
 * SECURITY: not before the second factor. Whoever has only the password would else get five guesses of their own at the rest.
 *
 * A way in that answers with a redirect calls it for its cookies, and looks at `next` for where to go.
 */
export function answerSignIn(
  deps: Deps,
  { deviceCookie, pendingCookie }: SigningBrowser,
  reply: FastifyReply,
  outcome: SignInOutcome,
): SignInAnswer {
  if (outcome.next === 'session') {
    const { opened, remembered, provedFactor } = outcome;
    const { user_id: userId } = opened.session;
    setDeviceCookie(reply, rememberDevice(deps.sealer, deviceCookie, userId, provedFactor));
    if (remembered) setRememberedCookie(reply, remembered.value, remembered.days);
    if (pendingCookie !== undefined) clearPendingCookie(reply);
    return answerSignedIn(deps, reply, opened);
  }
  const { sessionToken, expiresIn, cookie } = outcome.pending;
  if (cookie !== undefined) setPendingCookie(reply, cookie, expiresIn);
  reply.header('cache-control', 'no-store');
  const waits = { session_token: sessionToken, expires_in: expiresIn };
  if (outcome.next === 'enrolment') return { mfa_enrolment_required: true, ...waits };
  const { factors, rememberDays } = outcome;
  return { mfa_required: true, ...waits, factors, remember_days: rememberDays };
}

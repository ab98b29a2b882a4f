import type { SignedInUser, SignInResponse } from '@gatehouse/contracts';
import type { FastifyReply } from 'fastify';
import type { TenantId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import type { SignInOutcome } from './after-first-factor.ts';
import { setDeviceCookie, setTokenCookies } from './cookies.ts';
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
 * The same for what a first factor led to, on every way in. The browser is known for the account from then on.
 *
 * A way in that answers with a redirect calls it for its cookies, and looks at `next` for where to go.
 */
export function answerSignIn(
  deps: Deps,
  { deviceCookie }: SigningBrowser,
  reply: FastifyReply,
  { opened }: SignInOutcome,
): SignInResponse {
  setDeviceCookie(reply, rememberDevice(deps.sealer, deviceCookie, opened.session.user_id));
  return answerSignedIn(deps, reply, opened);
}

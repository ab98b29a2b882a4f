import type { TenantSettings } from '@gatehouse/contracts';
import type { FastifyRequest } from 'fastify';
import type { MachinePrincipal, UserPrincipal } from '../../platform/access/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { authenticateApiKey, isApiKey } from '../api-keys/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { permissionsOf } from '../roles/index.ts';
import {
  authenticateInternal,
  INTERNAL_TOKEN_HEADER,
  isServiceToken,
  loadServicePrincipal,
} from '../services/index.ts';
import { type AccessToken, readClaims, sessionTokenOf } from './access-token.ts';
import { type AccessCookie, readAccessCookie } from './cookies.ts';
import { checkCsrf, checkOrigin, isOfAnotherOrigin } from './cross-site.ts';
import { isSettledIn } from './second-factor/policy.ts';
import type { SessionContext } from './sessions.repo.ts';

/** A signed-in user together with the session that says so. */
export interface SignedInPrincipal extends UserPrincipal {
  readonly session: SessionContext;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Who is calling? A token says which session or service, the hash of an API key which key; the database says, in one statement, what
 * that is worth.
 *
 * @throws {Problem} `auth.unauthenticated`, `auth.token_invalid`, `auth.session_expired`, `auth.origin_refused`, `auth.csrf_refused`,
 *   `api_keys.address_refused`
 */
export async function authenticate(
  deps: Deps,
  request: FastifyRequest,
): Promise<SignedInPrincipal | MachinePrincipal> {
  const internal = request.headers[INTERNAL_TOKEN_HEADER];
  if (internal !== undefined) return authenticateInternal(deps, request, internal);
  const { text, clientId, cookie } = presentedToken(request);
  if (cookie === undefined && isApiKey(text)) return authenticateApiKey(deps, request, text);
  const claims = await readClaims(deps, text, deps.clock.now());
  if (claims === undefined) throw invalidToken();
  if (cookie === undefined && isServiceToken(claims)) {
    const service = await loadServicePrincipal(deps, claims);
    if (service === undefined) throw invalidToken();
    return service;
  }
  const token = sessionTokenOf(claims);
  // SECURITY: a token of one app's namespace does not count in another's.
  if (token === undefined || (cookie && token.clientId !== clientId)) throw invalidToken();
  if (cookie) await checkCookieUse(deps, request, token, cookie);
  const session = await loadStandingSession(deps, token);
  if (session === undefined)
    throw new Problem('auth.session_expired', { detail: 'The session has ended: sign in again.' });
  const { features } = await deps.tenantRules.get(session.active_tenant_id);
  return principalOf(session, token, features);
}

/**
 * The session of a verified token as it stands now; undefined where it has ended, or does not meet what its tenants demand.
 *
 * SECURITY: the last word on that, whatever way the session came about and whenever the demand was made.
 */
export async function loadStandingSession(
  deps: Pick<Deps, 'sessionContexts' | 'tenantRules'>,
  { homeTenantId, sessionId, clientId }: AccessToken,
): Promise<SessionContext | undefined> {
  const session = await deps.sessionContexts.get(homeTenantId, sessionId);
  if (session === undefined || session.client_id !== clientId) return undefined;
  const { active_tenant_id: activeTenantId, amr } = session;
  return (await isSettledIn(deps, { homeTenantId, activeTenantId, amr })) ? session : undefined;
}

/** A page may use a cookie when it is one of the cookie's own client, and may change something when it knows the session. */
async function checkCookieUse(
  deps: Deps,
  request: FastifyRequest,
  token: AccessToken,
  { ofDomain }: AccessCookie,
): Promise<void> {
  const changes = !SAFE.has(request.method);
  // Our own pages, with a cookie of this host: the client need not be asked.
  if (ofDomain || isOfAnotherOrigin(request, deps.config)) {
    const client = await deps.clients.get(token.clientId);
    if (ofDomain && client.cookieDomain === null) throw invalidToken();
    // Reading, too: `me` answers with the CSRF token.
    checkOrigin(request, deps.config, client);
  } else if (changes) checkOrigin(request, deps.config);
  if (changes) checkCsrf(request, deps.sealer, token.sessionId);
}

function presentedToken(request: FastifyRequest): {
  text: string;
  clientId: string;
  cookie: AccessCookie | undefined;
} {
  const { authorization } = request.headers;
  const clientId = clientOf(request);
  if (authorization !== undefined) {
    const text = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
    if (text === undefined) throw invalidToken();
    return { text, clientId, cookie: undefined };
  }
  const cookie = readAccessCookie(request, clientId);
  if (cookie === undefined)
    throw new Problem('auth.unauthenticated', { detail: 'Send a bearer token, or sign in to get cookies.' });
  return { text: cookie.token, clientId, cookie };
}

/** Which app's cookies count: the header names it; our own pages need not. */
function clientOf(request: FastifyRequest): string {
  const named = request.headers['x-gatehouse-client'];
  return typeof named === 'string' && /^[a-z0-9][a-z0-9-]{0,62}$/.test(named) ? named : CONSOLE_CLIENT;
}

// RFC 6750 §3.1
const invalidToken = () =>
  new Problem('auth.token_invalid', {
    detail: 'The access token is malformed, expired or not for this service; renew it.',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });

function principalOf(
  session: SessionContext,
  token: AccessToken,
  features: TenantSettings['features'],
): SignedInPrincipal {
  return {
    kind: 'user',
    tenantId: session.active_tenant_id,
    homeTenantId: token.homeTenantId,
    userId: session.user_id,
    principalId: session.principal_id,
    sessionId: token.sessionId,
    roles: session.role_names,
    permissions: permissionsOf(session, features),
    email: session.email,
    session,
  };
}

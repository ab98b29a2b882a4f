import type { FastifyRequest } from 'fastify';
import type { SessionId, TenantId } from '../../platform/ids.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { readSessionToken } from './access-token.ts';
import { readAccessCookie, readRefreshCookie } from './cookies.ts';
import { parseRefreshToken } from './refresh-token.ts';

/** The session that a request proves by any token it carries: for signing out, where the access token may have expired. */
export async function provenSession(
  deps: Deps,
  request: FastifyRequest,
  { clientId, cookieDomain }: KnownClient,
): Promise<{ homeTenantId: TenantId; sessionId: SessionId; byCookie: boolean } | undefined> {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const cookie = readAccessCookie(request, clientId);
  const access = bearer ?? (cookie?.ofDomain && cookieDomain === null ? undefined : cookie?.token);
  const now = deps.clock.now();
  const checked = access === undefined ? undefined : await readSessionToken(deps, access, now);
  if (checked && checked.clientId === clientId) return { ...checked, byCookie: bearer === undefined };
  const refresh = readRefreshCookie(request, clientId);
  const token = refresh === undefined ? undefined : parseRefreshToken(refresh, deps.sealer);
  return token && { homeTenantId: token.tenantId, sessionId: token.sessionId, byCookie: true };
}

import type { Subject } from '@gatehouse/decisions';
import type { Claims } from './json-part.ts';

/** Whoever is calling, as the access token says and the revocation feed has not taken back. */
export interface Caller {
  /**
   * - `user`: a person, with a session.
   * - `service`: a service with a token of its own (client credentials).
   * - `api_key`: a script with an API key.
   * - `internal`: whoever knows the shared secret of `X-Internal-Token`; no tenant, no roles (compatibility).
   */
  readonly kind: 'user' | 'service' | 'api_key' | 'internal';
  /** The user's id, the `client_id` of the service, or the id of the API key. */
  readonly id: string;
  /** The tenant that the caller works in: what is read or written belongs to it. Empty for `internal` only. */
  readonly tenantId: string;
  /** Where the user belongs: another tenant for a guest. */
  readonly homeTenantId?: string;
  /** The session (`sid`) of a user. */
  readonly sessionId?: string;
  /** The app that the user signed in to, or the service itself. */
  readonly clientId?: string;
  /** Of a service (spec R4). */
  readonly namespace?: string;
  /** Names of the roles held in `tenantId`. */
  readonly roles: readonly string[];
  /** What the token may be used for (`scope`, RFC 6749 §3.3). */
  readonly scopes: readonly string[];
  /** `2` where a second factor was proved (RFC 9068 §2.2.1). */
  readonly acr?: string;
  /** How it was proved who is calling (RFC 8176). */
  readonly amr: readonly string[];
  /** Seconds since 1970 of the last proof. */
  readonly authTime?: number;
  /** Of the token, as it was signed; of an API key, as Gatehouse described it. */
  readonly claims: Claims;
}

/** Who a token may be for. */
export interface Audiences {
  readonly issuer: string;
  /** What tokens of persons name. */
  readonly users: readonly string[];
  /** What tokens of services name: this service itself (RFC 8707). */
  readonly services: readonly string[];
}

/**
 * The caller of an access token whose signature holds (RFC 9068 §4); undefined when a claim is missing, of the wrong form, or another
 * service's.
 *
 * SECURITY: a service's token must name this service. One that it got for another, or for Gatehouse itself, would go round the map of
 * who may call whom (spec R4).
 */
export function callerOf(claims: Claims, audiences: Audiences): Caller | undefined {
  const { iss, sub, aud, client_id: clientId, exp, iat, tenant_id: tenantId, sid } = claims;
  if (iss !== audiences.issuer || !isText(sub) || !isText(clientId) || !isText(tenantId)) return undefined;
  if (!isTime(exp) || !isTime(iat)) return undefined;
  const kind = isText(sid) ? 'user' : 'service';
  // A token without a session is a service's own, or none of ours.
  if (kind === 'service' && (sid !== undefined || sub !== clientId)) return undefined;
  const named = typeof aud === 'string' ? [aud] : textsOf(aud);
  const mine = kind === 'user' ? audiences.users : audiences.services;
  if (!named.some((audience) => mine.includes(audience))) return undefined;
  const { home_tenant_id: homeTenantId, namespace, acr, amr, auth_time: authTime, scope } = claims;
  return Object.freeze({
    kind,
    id: sub,
    tenantId,
    ...(isText(homeTenantId) && { homeTenantId }),
    ...(isText(sid) && { sessionId: sid }),
    clientId,
    ...(isText(namespace) && { namespace }),
    roles: Object.freeze(textsOf(claims.roles)),
    scopes: Object.freeze(isText(scope) ? scope.split(' ').filter((each) => each !== '') : []),
    ...(isText(acr) && { acr }),
    amr: Object.freeze(textsOf(amr)),
    ...(isTime(authTime) && { authTime }),
    claims,
  });
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isText) : []);

/** The caller as decisions know it; undefined for whoever has no tenant. */
export function subjectOf({ kind, id, tenantId, roles, scopes, namespace }: Caller): Subject | undefined {
  if (kind === 'internal' || tenantId === '') return undefined;
  // A key may what it was made for, whatever its owner's roles hold beyond.
  if (kind === 'api_key') return { type: kind, id, tenantId, roles, permissions: scopes };
  return { type: kind, id, tenantId, roles, ...(namespace !== undefined && { namespace }) };
}

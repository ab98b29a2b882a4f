import type { Config } from '../../config/index.ts';
import type { Claims, TokenSigner } from '../../platform/crypto/index.ts';
import { isUuid, type SessionId, type TenantId } from '../../platform/ids.ts';
import type { SigningKeys } from '../keys/index.ts';
import { knownProof } from './proof-time.ts';
import { acrOf } from './second-factor/policy.ts';
import type { TokenSubject } from './sessions.repo.ts';

/** What our own routes read of an access token; everything else is looked up fresh. */
export interface AccessToken {
  sessionId: SessionId;
  homeTenantId: TenantId;
  clientId: string;
}

const SHORTEST = 60;

/**
 * Seconds (spec S2): 15 minutes, 60 for bearer clients, or what ACCESS_TOKEN_EXPIRE_MINUTES says; and half of what the session may
 * lie idle, where its tenant lets it lie idle shortly. Only a renewal says that somebody is there: with a token as long as that,
 * somebody at work would never renew, and be taken for gone.
 */
export function accessTokenLifetime(
  config: Config,
  tokenMode: 'cookie' | 'bearer',
  sessionSeconds: number,
): number {
  const whole = (config.accessTokenMinutes ?? (tokenMode === 'bearer' ? 60 : 15)) * 60;
  return Math.min(whole, Math.max(SHORTEST, Math.floor(sessionSeconds / 2)));
}

export interface IssueAccessToken {
  session: TokenSubject;
  clientId: string;
  sessionId: SessionId;
  homeTenantId: TenantId;
  /** The generation of the session and the time of its rotation: `jti`, `iat` and `exp` follow from them alone. */
  generation: number;
  rotatedAt: Date;
  lifetime: number;
}

/** An access token (RFC 9068 §2.2). The same generation gets the same `jti`, `iat` and `exp` again: nothing is stored. */
export function issueAccessToken(
  deps: { config: Config; tokens: TokenSigner },
  issue: IssueAccessToken,
): string {
  const { session, clientId, sessionId, homeTenantId } = issue;
  const iat = Math.floor(issue.rotatedAt.getTime() / 1000);
  const provedAt = knownProof(session.auth_time);
  return deps.tokens.sign({
    iss: deps.config.publicUrl,
    sub: session.user_id,
    aud: deps.config.publicUrl,
    client_id: clientId,
    iat,
    exp: iat + issue.lifetime,
    jti: `${sessionId}.${issue.generation}`,
    sid: sessionId,
    tenant_id: session.active_tenant_id,
    home_tenant_id: homeTenantId,
    roles: session.role_names,
    scope: 'openid profile email',
    amr: session.amr,
    acr: acrOf(session.amr),
    // RFC 9068 §2.2.1: left out where nobody knows.
    ...(provedAt && { auth_time: Math.floor(provedAt.getTime() / 1000) }),
  });
}

/**
 * The claims of a token when signature, issuer, audience and expiry hold (RFC 9068 §4); undefined otherwise.
 *
 * @param audience whom it is for; Gatehouse itself unless said otherwise
 */
export function checkClaims(
  deps: { config: Config; tokens: TokenSigner },
  text: string,
  now: Date,
  audience: string = deps.config.publicUrl,
): Claims | undefined {
  const claims = deps.tokens.verify(text);
  if (claims === undefined) return undefined;
  const { iss, aud, exp } = claims;
  if (iss !== deps.config.publicUrl || aud !== audience) return undefined;
  return typeof exp === 'number' && exp * 1000 > now.getTime() ? claims : undefined;
}

/**
 * The same, where another process may have signed it with a key that is not known here yet: it counts at once. Waits for nothing where
 * the key is known, which is nearly always.
 */
export async function readClaims(
  deps: { config: Config; tokens: TokenSigner; keys: SigningKeys },
  text: string,
  now: Date,
  audience?: string,
): Promise<Claims | undefined> {
  const claims = checkClaims(deps, text, now, audience);
  if (claims !== undefined || !(await deps.keys.learnKeyOf(text))) return claims;
  return checkClaims(deps, text, now, audience);
}

/** What our own routes read of the token of a session; undefined where no session stands behind it. */
export function sessionTokenOf({
  sid,
  home_tenant_id: home,
  client_id: clientId,
}: Claims): AccessToken | undefined {
  if (typeof sid !== 'string' || typeof home !== 'string' || typeof clientId !== 'string') return undefined;
  if (!isUuid(sid) || !isUuid(home)) return undefined;
  return { sessionId: sid as SessionId, homeTenantId: home as TenantId, clientId };
}

/** The token of a session, when all of it holds. */
export async function readSessionToken(
  deps: { config: Config; tokens: TokenSigner; keys: SigningKeys },
  text: string,
  now: Date,
): Promise<AccessToken | undefined> {
  const claims = await readClaims(deps, text, now);
  return claims && sessionTokenOf(claims);
}

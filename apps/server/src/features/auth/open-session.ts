import { randomSecret, sha256 } from '../../platform/crypto/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { newId, type SessionId, type TenantId, type UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { isSignInAllowed, signInRefused } from '../settings/index.ts';
import { accessTokenLifetime, issueAccessToken } from './access-token.ts';
import { markSignedIn } from './credentials.repo.ts';
import { formatRefreshToken } from './refresh-token.ts';
import { insertSession, loadOpenedSession, type TokenSubject } from './sessions.repo.ts';

/** A session with the tokens of its present generation. */
export interface OpenedSession {
  client: KnownClient;
  sessionId: SessionId;
  homeTenantId: TenantId;
  session: TokenSubject;
  accessToken: string;
  /** Seconds. */
  accessLifetime: number;
  refreshToken: string;
  refreshLifetime: number;
}

const DAY = 86_400;

/**
 * Opens a session for somebody who has just proved who they are, for as long as their tenant lets sessions be. A new id each time:
 * nothing of a visitor's survives (threat 33).
 *
 * @throws {Problem} `auth.invalid_credentials`, `auth.sign_in_refused`
 */
export async function openSession(
  deps: Deps,
  tx: TenantTx,
  signIn: {
    userId: UserId;
    client: KnownClient;
    amr: string[];
    /** The session that this one goes on from, under a new id; it has ended already. */
    replaces?: SessionId;
  },
  request: RequestContext,
): Promise<OpenedSession> {
  const { config, clock } = deps;
  const now = clock.now();
  const sessionId = newId<'session'>();
  const familySecret = randomSecret(16);
  const inserted = await insertSession(tx, {
    id: sessionId,
    userId: signIn.userId,
    clientId: signIn.client.clientId,
    secretHash: sha256(familySecret),
    agentHash: sha256(request.userAgent),
    amr: signIn.amr,
    now,
    idleExpiresAt: new Date(now.getTime() + config.refreshTokenDays * DAY * 1000),
    expiresAt: new Date(now.getTime() + config.sessionDays * DAY * 1000),
    ip: request.ip,
    userAgent: request.userAgent,
  });
  if (!inserted) throw new Problem('auth.invalid_credentials');
  await markSignedIn(tx, signIn.userId, now);
  const session = await loadOpenedSession(tx, sessionId, now);
  // Suspended between the comparison and now.
  if (!session) throw new Problem('auth.invalid_credentials');
  // SECURITY: here and nowhere else, since every way in ends here: a way that forgot the rules would be the one that is taken.
  const { signIn: rules } = await deps.tenantRules.within(tx);
  if (!isSignInAllowed(rules, { email: session.email, ip: request.ip })) throw signInRefused();
  await deps.audit.record(tx, {
    action: signIn.replaces === undefined ? 'login' : 'session_rotated',
    actor: { kind: 'user', id: signIn.userId, tenantId: tx.tenantId, email: session.email },
    resource: { type: 'session', id: sessionId },
    ...(signIn.replaces !== undefined && { before: { session: signIn.replaces } }),
    after: {
      client: signIn.client.clientId,
      amr: signIn.amr,
      email: personal({ tenantId: tx.tenantId, id: signIn.userId }, session.email),
    },
    request,
  });
  return withTokens(deps, {
    client: signIn.client,
    session,
    sessionId,
    homeTenantId: tx.tenantId,
    generation: 0,
    rotatedAt: now,
    familySecret,
  });
}

export interface Generation {
  client: KnownClient;
  session: TokenSubject;
  sessionId: SessionId;
  homeTenantId: TenantId;
  generation: number;
  rotatedAt: Date;
  familySecret: Buffer;
}

/** The tokens of one generation of a session: the same ones, whenever they are derived. */
export function withTokens(deps: Deps, of: Generation): OpenedSession {
  const sessionSeconds = (of.session.session_expires_at.getTime() - of.rotatedAt.getTime()) / 1000;
  const accessLifetime = accessTokenLifetime(deps.config, of.client.tokenMode, sessionSeconds);
  return {
    client: of.client,
    sessionId: of.sessionId,
    homeTenantId: of.homeTenantId,
    session: of.session,
    accessToken: issueAccessToken(deps, {
      ...of,
      clientId: of.client.clientId,
      lifetime: accessLifetime,
    }),
    accessLifetime,
    refreshToken: formatRefreshToken(
      {
        tenantId: of.homeTenantId,
        sessionId: of.sessionId,
        generation: of.generation,
        familySecret: of.familySecret,
      },
      deps.sealer,
    ),
    refreshLifetime: Math.max(
      1,
      Math.floor((of.session.session_expires_at.getTime() - deps.clock.now().getTime()) / 1000),
    ),
  };
}

import { randomSecret, sha256 } from '../../platform/crypto/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { newId, type SessionId, type TenantId, type UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { isOwnConnection, isSignInAllowed, signInRefused } from '../settings/index.ts';
import { accessTokenLifetime, issueAccessToken } from './access-token.ts';
import { markSignedIn } from './credentials.repo.ts';
import { UNKNOWN_PROOF, type Vouched } from './proof-time.ts';
import { formatRefreshToken } from './refresh-token.ts';
import { insertSession, loadOpenedSession, type TokenSubject } from './sessions.repo.ts';
import { ssoRequired } from './sso-required.ts';

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

declare const settled: unique symbol;
/**
 * The methods (RFC 8176) of somebody of whom no further factor is due. `afterFirstFactor` settles that for whoever comes in; a
 * session that goes on under another id keeps what it has (`keptAmr`).
 */
export type SettledAmr = readonly string[] & { readonly [settled]: true };

/** What a session that stands was opened with. */
export const keptAmr = (session: Pick<TokenSubject, 'amr'>): SettledAmr =>
  session.amr as readonly string[] as SettledAmr;

/** The same of somebody who has given their password now, whichever way they came in. */
export const withPassword = (session: Pick<TokenSubject, 'amr'>): SettledAmr =>
  [...new Set([...session.amr, 'pwd'])] as readonly string[] as SettledAmr;

const DAY = 86_400;

/** The session that another one goes on from, under a new id; it has ended already. */
export interface Replaced {
  sessionId: SessionId;
  /** Another password, another tenant, or another proof of who it is. */
  because: 'session_rotated' | 'tenant_switched' | 'session_stepped_up';
  /** The tenant that it worked in. */
  tenantId: TenantId;
}

/**
 * Opens a session for somebody who has just proved who they are, or for somebody whose session goes on. A new id each time:
 * nothing of a visitor's survives (threat 33), and a session works in one tenant for as long as it lives.
 *
 * @param tx in the home tenant, where sessions lie, and whose rules say how long they last and who may sign in from where.
 * @throws {Problem} `auth.invalid_credentials`, `auth.session_expired`, `auth.sign_in_refused`, `auth.sso_required`
 */
export async function openSession(
  deps: Deps,
  tx: TenantTx,
  signIn: {
    userId: UserId;
    client: KnownClient;
    amr: SettledAmr;
    /** Where a provider proved it: the session is as old as the provider says, and ends with the connection. */
    vouched?: Vouched | undefined;
    /** At home, unless told. */
    activeTenantId?: TenantId;
    replaces?: Replaced;
    /** Of a session that goes on and was not opened anew: when its user last proved who they are, and when it ends. */
    life?: { authTime: Date; expiresAt?: Date };
  },
  request: RequestContext,
): Promise<OpenedSession> {
  const { config, clock } = deps;
  const { activeTenantId = tx.tenantId, replaces, life, vouched } = signIn;
  const now = clock.now();
  const sessionId = newId<'session'>();
  const familySecret = randomSecret(16);
  const longest = life?.expiresAt ?? new Date(now.getTime() + config.sessionDays * DAY * 1000);
  const expiresAt = vouched?.endsAt && vouched.endsAt < longest ? vouched.endsAt : longest;
  const idleExpiresAt = new Date(now.getTime() + config.refreshTokenDays * DAY * 1000);
  const inserted = await insertSession(tx, {
    id: sessionId,
    userId: signIn.userId,
    activeTenantId,
    clientId: signIn.client.clientId,
    secretHash: sha256(familySecret),
    agentHash: sha256(request.userAgent),
    amr: [...signIn.amr],
    authTime: life?.authTime ?? (vouched ? (vouched.provedAt ?? UNKNOWN_PROOF) : now),
    now,
    idleExpiresAt: idleExpiresAt < expiresAt ? idleExpiresAt : expiresAt,
    expiresAt,
    ip: request.ip,
    userAgent: request.userAgent,
    vouched,
    replaces: replaces?.sessionId,
  });
  const gone = () => new Problem(replaces ? 'auth.session_expired' : 'auth.invalid_credentials');
  if (!inserted) throw gone();
  if (life === undefined) await markSignedIn(tx, signIn.userId, now);
  const session = await loadOpenedSession(tx, { id: sessionId, activeTenantId }, now);
  // Suspended between the comparison and now: the user, the tenant, the membership.
  if (!session) throw gone();
  // SECURITY: here and nowhere else, since every way in ends here: a way that forgot the rules would be the one that is taken.
  const { signIn: rules } = await deps.tenantRules.within(tx);
  if (!isSignInAllowed(rules, { email: session.email, ip: request.ip })) throw signInRefused();
  // A sign-in that waited for its second factor may have begun before; a session that goes on was ended with the others.
  if (rules.policy === 'restricted' && life === undefined) {
    if (vouched === undefined || !(await isOwnConnection(tx, vouched.connectionId))) throw ssoRequired();
  }
  await deps.audit.record(tx, {
    action: replaces?.because ?? 'login',
    actor: { kind: 'user', id: signIn.userId, tenantId: tx.tenantId, email: session.email },
    resource: { type: 'session', id: sessionId },
    ...(replaces && { before: { session: replaces.sessionId, ...inTenant(tx, replaces.tenantId) } }),
    after: {
      client: signIn.client.clientId,
      amr: signIn.amr,
      ...(vouched && { connection: vouched.connectionId }),
      email: personal({ tenantId: tx.tenantId, id: signIn.userId }, session.email),
      ...inTenant(tx, activeTenantId),
    },
    request,
  });
  if (signIn.replaces === undefined) deps.metrics.sessionOpened();
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

/** Where a session works, in a record, if not at home. */
const inTenant = (tx: TenantTx, tenantId: TenantId) => tenantId !== tx.tenantId && { tenant: tenantId };

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

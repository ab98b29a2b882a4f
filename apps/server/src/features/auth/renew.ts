import { enterOwn } from '../../platform/access/index.ts';
import { sha256 } from '../../platform/crypto/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { limitHeaders } from '../../platform/limits/index.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { endSession } from '../sessions/index.ts';
import { isNetworkAllowed, signInRefused } from '../settings/index.ts';
import { type OpenedSession, withTokens } from './open-session.ts';
import { parseRefreshToken, type RefreshToken } from './refresh-token.ts';
import { isSettledIn } from './second-factor/policy.ts';
import type { Renewal } from './sessions.repo.ts';

export interface Renewed extends OpenedSession {
  limitHeaders: Record<string, string>;
}

/**
 * Renews a session by its refresh token (spec S2, S3): one conditional UPDATE in one round trip.
 *
 * The generation before the present one, presented again by the same browser within the window, gets the same tokens
 * again (a lost answer, a second tab). Anything else that was spent ends its family.
 *
 * @throws {Problem} `auth.session_expired`, `auth.sign_in_refused`, `rate.limited`
 */
export async function renew(
  deps: Deps,
  client: KnownClient,
  presented: string | undefined,
  request: RequestContext,
): Promise<Renewed> {
  const { config, clock } = deps;
  const token = presented === undefined ? undefined : parseRefreshToken(presented, deps.sealer);
  if (token === undefined) throw notRenewed(deps);
  const { signIn: rules } = await deps.tenantRules.get(token.tenantId);
  // The session stays: back in a network that is allowed, it goes on.
  if (!isNetworkAllowed(rules, request.ip)) {
    deps.metrics.renewal('rules');
    throw signInRefused();
  }
  const renewal = await deps.renewals({
    tenantId: token.tenantId,
    sessionId: token.sessionId,
    generation: token.generation,
    secretHash: sha256(token.familySecret),
    agentHash: sha256(request.userAgent),
    clientId: client.clientId,
  });
  if (renewal === undefined) throw notRenewed(deps);
  const resetsIn = (renewal.limit_resets_at.getTime() - clock.now().getTime()) / 1000;
  const headers = limitHeaders(config.authRateLimit, renewal.remaining, resetsIn);
  deps.metrics.renewal(renewal.outcome);
  if (renewal.outcome === 'limited') {
    deps.metrics.limitRefused('renewal');
    throw new Problem('rate.limited', {
      detail: 'This session was renewed too often within a minute.',
      retryAfter: resetsIn,
      headers,
    });
  }
  if (renewal.outcome === 'spent') {
    await endFamily(deps, token, renewal, request);
    throw expired();
  }
  const { amr, active_tenant_id: activeTenantId } = renewal;
  if (!(await isSettledIn(deps, { homeTenantId: token.tenantId, activeTenantId, amr }))) throw expired();
  if (renewal.outcome === 'replay') await recordReplay(deps, token, renewal, request);
  return {
    ...withTokens(deps, {
      client,
      session: renewal,
      sessionId: token.sessionId,
      homeTenantId: token.tenantId,
      generation: renewal.new_generation,
      rotatedAt: renewal.rotated_at,
      familySecret: token.familySecret,
    }),
    limitHeaders: headers,
  };
}

function notRenewed({ metrics }: Deps): Problem {
  metrics.renewal('expired');
  return expired();
}

const expired = () => new Problem('auth.session_expired', { detail: 'Sign in again.' });

const actor = (token: RefreshToken, session: Renewal) =>
  ({ kind: 'user', id: session.user_id, tenantId: token.tenantId, email: session.email }) as const;

/** SECURITY: a spent refresh token in somebody's hands means that two hold the family: it ends for both (RFC 9700 §4.14.2). */
function endFamily(
  deps: Deps,
  token: RefreshToken,
  session: Renewal,
  request: RequestContext,
): Promise<void> {
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: token.tenantId }), async (tx) => {
    const ended = await endSession(tx, token.sessionId, 'refresh token reuse', deps.clock.now());
    if (!ended) return;
    await deps.audit.record(tx, {
      action: 'session_reuse_detected',
      actor: actor(token, session),
      resource: { type: 'session', id: token.sessionId },
      after: { presentedGeneration: token.generation, generation: session.new_generation },
      request,
    });
  });
}

function recordReplay(
  deps: Deps,
  token: RefreshToken,
  session: Renewal,
  request: RequestContext,
): Promise<void> {
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: token.tenantId }), (tx) =>
    deps.audit.record(tx, {
      action: 'session_renewal_replayed',
      actor: actor(token, session),
      resource: { type: 'session', id: token.sessionId },
      after: { generation: session.new_generation },
      request,
    }),
  );
}

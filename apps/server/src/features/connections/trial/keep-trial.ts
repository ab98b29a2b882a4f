import type { ConnectionTrial } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../../platform/http/index.ts';
import type { Person } from '../../denied.ts';
import type { Deps } from '../../deps.ts';
import type { Returned } from '../redeem-answer.ts';
import type { Attempt } from '../sign-in-attempt.ts';
import { judgeTrial } from './judge-trial.ts';

/** For so long a result can be looked at. */
const SECONDS = 600;

interface KeptTrial {
  connectionId: string;
  sessionId: string;
  /** Whose address it is: the erasure of that person finds it by it. */
  email: string | null;
  result: ConnectionTrial;
}

/** Keeps what came of a trial for the session that began it; resolves to what names it. */
export async function keepTrial(
  deps: Deps,
  returned: Returned,
  { sessionId }: NonNullable<Attempt['trial']>,
  request: RequestContext,
): Promise<string> {
  const { row } = returned;
  const judged = await judgeTrial(deps, returned, request);
  const kept: KeptTrial = {
    connectionId: row.id,
    sessionId,
    email: judged.identity?.email ?? null,
    result: {
      connectionId: row.id,
      triedAt: deps.clock.now().toISOString(),
      enters: judged.findings.every(({ keepsOut }) => !keepsOut),
      ...judged,
    },
  };
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: row.tenant_id }), (tx) =>
    deps.oneTimeTokens.issue(tx, 'connection-trial', { payload: kept, lifetimeSeconds: SECONDS }),
  );
}

/**
 * What came of a trial.
 *
 * SECURITY: to the session that began it, and no other of the same person: it tells whom a provider means, and the token stood in
 * an address.
 *
 * @throws {Problem} `resource.not_found`
 */
export async function readTrial(
  deps: Deps,
  { entered, principal }: Person,
  { connectionId, token }: { connectionId: string; token: string },
): Promise<ConnectionTrial> {
  const read = await deps.doors.withTenant(entered, (tx) =>
    deps.oneTimeTokens.read(tx, 'connection-trial', token),
  );
  const kept = read?.payload as KeptTrial | undefined;
  if (kept?.connectionId !== connectionId || kept.sessionId !== principal.sessionId)
    throw new Problem('resource.not_found', {
      detail: 'There is no such result, or it is too old: try again.',
    });
  const { user } = kept.result;
  if (user === null || user.is === 'new' || principal.permissions.has('users:read')) return kept.result;
  return { ...kept.result, user: { ...user, id: null, email: null } };
}

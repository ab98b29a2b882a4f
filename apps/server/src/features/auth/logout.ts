import { enterOwn } from '../../platform/access/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { SessionId, TenantId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { endSession } from '../sessions/index.ts';
import { loadSessionContext } from './sessions.repo.ts';

/** Ends the session that a cookie or token proved. Ending what has ended already is fine. */
export async function logout(
  deps: Deps,
  session: { homeTenantId: TenantId; sessionId: SessionId },
  request: RequestContext,
): Promise<void> {
  const { homeTenantId: tenantId, sessionId } = session;
  const now = deps.clock.now();
  const context = await loadSessionContext(deps.doors, tenantId, sessionId, now);
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const ended = await endSession(tx, sessionId, 'logout', now);
    if (!ended) return;
    await deps.audit.record(tx, {
      action: 'logout',
      actor: context
        ? { kind: 'user', id: context.user_id, tenantId, email: context.email }
        : { kind: 'anonymous' },
      resource: { type: 'session', id: sessionId },
      request,
    });
  });
}

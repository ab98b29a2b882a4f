import type { Entered, TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { actorOf, type AuditEntry } from '../audit/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnUser } from '../users/index.ts';
import { exportPerson } from './export-person.ts';
import { homeOf } from './home.ts';

/** Who asked for the data, as the record says it. */
export type By = 'owner' | 'administrator' | 'operator';

/** Notes down that somebody's data leaves; it is on record before the first of it does. */
export const recordExport = (
  deps: Deps,
  tx: TenantTx,
  userId: string,
  by: By,
  { actor, request }: { actor: AuditEntry['actor']; request: RequestContext | undefined },
): Promise<void> =>
  deps.audit.record(tx, {
    action: 'data_exported',
    actor,
    resource: { type: 'user', id: userId },
    after: { of: 'person', by },
    request,
  });

/** One's own data. The route asks for a recent proof: a session that was left open is no reason to hand everything over. */
export async function exportOwn(
  deps: Deps,
  principal: SignedInPrincipal,
  request: RequestContext,
): Promise<AsyncGenerator<string>> {
  const home = homeOf(principal);
  await deps.doors.withTenant(home, (tx) =>
    recordExport(deps, tx, principal.userId, 'owner', { actor: actorOf(principal), request }),
  );
  return exportPerson(deps, home, principal.userId);
}

/**
 * Somebody else's data, on their request.
 *
 * @throws {Problem} whatever `actOnPerson` throws
 */
export async function exportUser(deps: Deps, caller: Caller, id: string): Promise<AsyncGenerator<string>> {
  await actOnUser(deps, caller, id, (tx, user) =>
    recordExport(deps, tx, user.id, 'administrator', {
      actor: actorOf(caller.principal),
      request: caller.request,
    }),
  );
  return exportPerson(deps, caller.entered satisfies Entered, id as UserId);
}

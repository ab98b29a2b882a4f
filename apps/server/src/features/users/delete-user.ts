import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { endSessionsOf, holdPlacesOf } from '../sessions/index.ts';
import { actOnUser } from './act-on-user.ts';
import { deleteUserRow } from './users.repo.ts';

/** Deletes a user with sessions, roles, links and memberships everywhere, and frees the address. What was done stays on record. */
export const deleteUser = (deps: Deps, caller: Caller, id: string): Promise<void> =>
  actOnUser(deps, caller, id, async (tx, user) => {
    const now = deps.clock.now();
    await holdPlacesOf(tx, user.id);
    const endedSessions = await endSessionsOf(tx, user.id, 'user deleted', now);
    await deps.oneTimeTokens.revokeAll(tx, user.id);
    await deleteUserRow(tx, user.id, now);
    const self = { tenantId: tx.tenantId, id: user.id };
    await deps.audit.record(tx, {
      action: 'user_deleted',
      actor: actorOf(caller.principal),
      resource: { type: 'user', id: user.id },
      before: {
        email: personal(self, user.email),
        name: personal(self, user.name),
        status: user.status,
        roles: user.roles,
        createdAt: user.created_at.toISOString(),
      },
      after: { endedSessions },
      request: caller.request,
    });
  });

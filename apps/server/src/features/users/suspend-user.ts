import type { User } from '@gatehouse/contracts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { endSessionsOf, forgetDevices } from '../sessions/index.ts';
import { changeUser } from './act-on-user.ts';
import { suspendUserRow } from './users.repo.ts';

/**
 * Keeps a user out from the next request on: no sign-in, no renewal, no session, no link that is still open. Suspending a
 * suspended user changes nothing.
 */
export const suspendUser = (deps: Deps, caller: Caller, id: string): Promise<User> =>
  changeUser(deps, caller, id, async (tx, user) => {
    if (user.status === 'suspended') return;
    const now = deps.clock.now();
    await suspendUserRow(tx, user.id, now);
    const endedSessions = await endSessionsOf(tx, user.id, 'user suspended', now);
    await forgetDevices(tx, user.id);
    await deps.oneTimeTokens.revokeAll(tx, user.id);
    await deps.audit.record(tx, {
      action: 'user_suspended',
      actor: actorOf(caller.principal),
      resource: { type: 'user', id: user.id },
      before: { status: user.status },
      after: { status: 'suspended', endedSessions },
      request: caller.request,
    });
  });

import type { User } from '@gatehouse/contracts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { endSessionsOf } from '../sessions/index.ts';
import { changeUser } from './act-on-user.ts';
import { activateUserRow } from './users.repo.ts';

/**
 * Lets a suspended user in again: as active, or as invited where no password was ever set (send the link again then).
 * Nothing happens to a user who is not suspended: an invited one becomes active by the mailed link alone.
 */
export const activateUser = (deps: Deps, caller: Caller, id: string): Promise<User> =>
  changeUser(deps, caller, id, async (tx, user) => {
    if (user.status !== 'suspended') return;
    const now = deps.clock.now();
    // A sign-in that was under way while the user was suspended may have left a session: it must not come to life now.
    await endSessionsOf(tx, user.id, 'user suspended', now);
    const status = await activateUserRow(tx, user.id, now);
    await deps.audit.record(tx, {
      action: 'user_activated',
      actor: actorOf(caller.principal),
      resource: { type: 'user', id: user.id },
      before: { status: user.status },
      after: { status },
      request: caller.request,
    });
  });

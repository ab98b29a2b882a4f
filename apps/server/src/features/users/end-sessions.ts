import { Problem } from '../../platform/http/index.ts';
import type { SessionId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import { endPending } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { endSessionOf, endSessionsOf, forgetDevices } from '../sessions/index.ts';
import { actOnUser } from './act-on-user.ts';

/** Ends all sessions of a user, or one of them (spec S7); they stop working at their next request. */
export const endUserSessions = (
  deps: Deps,
  caller: Caller,
  id: string,
  only?: SessionId,
): Promise<{ ended: number }> =>
  actOnUser(deps, caller, id, async (tx, user) => {
    const now = deps.clock.now();
    const reason = 'ended by an administrator';
    const ended =
      only === undefined
        ? await endSessionsOf(tx, user.id, reason, now)
        : Number(await endSessionOf(tx, user.id, only, reason, now));
    if (only === undefined) {
      await endPending(deps, tx, user.id);
      await forgetDevices(tx, user.id);
    }
    if (only !== undefined && ended === 0)
      throw new Problem('resource.not_found', { detail: 'This user has no such session.' });
    if (ended > 0) {
      await deps.audit.record(tx, {
        action: 'session_ended',
        actor: actorOf(caller.principal),
        resource: only === undefined ? { type: 'user', id: user.id } : { type: 'session', id: only },
        after: { by: 'administrator', user: user.id, ended },
        request: caller.request,
      });
    }
    return { ended };
  });

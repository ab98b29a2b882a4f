import type { User } from '@gatehouse/contracts';
import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { changeUser } from './act-on-user.ts';
import { renameUser as writeName } from './users.repo.ts';

/** Changes a user's name, one's own too. The same name again changes nothing and leaves no record. */
export const renameUser = (
  deps: Deps,
  caller: Caller,
  id: string,
  { name }: { name: string },
): Promise<User> =>
  changeUser(
    deps,
    caller,
    id,
    async (tx, user) => {
      if (user.name === name) return;
      await writeName(tx, user.id, name, deps.clock.now());
      const self = { tenantId: tx.tenantId, id: user.id };
      await deps.audit.record(tx, {
        action: 'user_updated',
        actor: actorOf(caller.principal),
        resource: { type: 'user', id: user.id },
        before: { name: personal(self, user.name) },
        after: { name: personal(self, name) },
        request: caller.request,
      });
    },
    { onSelf: 'allowed' },
  );

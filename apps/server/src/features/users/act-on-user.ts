import type { User } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { type Act, actOnPerson } from '../people/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { presentUser } from './present-users.ts';
import { loadUser, loadUserForUpdate, type UserRow } from './users.repo.ts';

type OnSelf = Pick<Act<UserRow>, 'onSelf'>;

/** A change of one user of the entered tenant, judged by `actOnPerson`. */
export const actOnUser = <T>(
  deps: Deps,
  caller: Caller,
  id: string,
  work: (tx: TenantTx, user: UserRow & { id: UserId }) => Promise<T>,
  options: OnSelf = {},
): Promise<T> =>
  actOnPerson(
    deps,
    caller,
    {
      type: 'user',
      id,
      load: (tx) => loadUserForUpdate(tx, id, deps.clock.now()),
      ...options,
    },
    (tx, user) => work(tx, user as UserRow & { id: UserId }),
  );

/** The same, answered with the user as it stands afterwards. */
export async function changeUser(
  deps: Deps,
  caller: Caller,
  id: string,
  work: (tx: TenantTx, user: UserRow & { id: UserId }) => Promise<void>,
  options: OnSelf = {},
): Promise<User> {
  const row = await actOnUser(
    deps,
    caller,
    id,
    async (tx, user) => {
      await work(tx, user);
      return loadUser(tx, id, deps.clock.now());
    },
    options,
  );
  if (!row) throw new Error('a user that was changed is not there');
  return presentUser(deps, row);
}

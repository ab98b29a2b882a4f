import type { User } from '@gatehouse/contracts';
import { actorOf } from '../audit/index.ts';
import { forgetWrongFactors, resetFactors } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnUser } from './act-on-user.ts';
import { presentUser } from './present-users.ts';

/** Removes all second factors of a user who has lost them (spec W3 to W5). There being none is fine. */
export async function resetUserFactors(deps: Deps, caller: Caller, id: string): Promise<User> {
  const row = await actOnUser(deps, caller, id, async (tx, user) => {
    const actor = actorOf(caller.principal);
    await resetFactors(deps, tx, { user: { id: user.id, email: user.email }, actor }, caller.request);
    return user;
  });
  await forgetWrongFactors(deps, row.id);
  return presentUser(deps, row);
}

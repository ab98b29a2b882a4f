import type { User } from '@gatehouse/contracts';
import { actorOf } from '../audit/index.ts';
import { resetFactors } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { changeUser } from './act-on-user.ts';

/** Removes all second factors of a user who has lost them (spec W3 to W5). There being none is fine. */
export const resetUserFactors = (deps: Deps, caller: Caller, id: string): Promise<User> =>
  changeUser(deps, caller, id, async (tx, user) => {
    const actor = actorOf(caller.principal);
    await resetFactors(deps, tx, { user: { id: user.id, email: user.email }, actor }, caller.request);
  });

import type { User } from '@gatehouse/contracts';
import { actorOf } from '../audit/index.ts';
import { type Cleared, clearThrottle, factorThrottleKey, throttleKey } from '../auth/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { actOnUser } from './act-on-user.ts';
import { presentUser } from './present-users.ts';

/**
 * Lifts the locks that failed sign-ins left on a user's address and second factors, and forgets the failures (spec W2).
 *
 * SECURITY: nobody lifts the lock on their own account, so that a stolen session does not buy endless guesses at the password.
 */
export async function unlockUser(deps: Deps, caller: Caller, id: string): Promise<User> {
  const user = await actOnUser(deps, caller, id, async (_tx, found) => found);
  const { entered, principal, request } = caller;
  // SECURITY: the lock of an address protects whoever signs in with it. Inviting somebody else's address lifts no lock of theirs.
  const address = user.sign_in_key === null ? [] : [throttleKey(deps, user.sign_in_key)];
  // Counters belong to addresses, over all tenants, and to factors: they are cleared through the system's door, with the record in
  // the same transaction, and in the actor's home as well where somebody acts from above.
  await deps.doors.asSystem('an administrator unlocks', async (tx) => {
    const cleared: Cleared[] = [];
    for (const key of [...address, factorThrottleKey(deps, user.id)]) {
      const lifted = await clearThrottle(tx, key);
      if (lifted) cleared.push(lifted);
    }
    if (cleared.length === 0) return;
    const locks = cleared.flatMap(({ lockedUntil }) => lockedUntil?.getTime() ?? []);
    const after = { failures: 0, lockedUntil: null };
    const unlocked = {
      action: 'account_unlocked',
      actor: actorOf(principal),
      resource: { type: 'user', id: user.id },
      before: {
        failures: cleared.reduce((sum, { failures }) => sum + failures, 0),
        lockedUntil: locks.length === 0 ? null : new Date(Math.max(...locks)).toISOString(),
      },
      after,
      request,
    } as const;
    await deps.audit.recordAsSystem(tx, entered.tenantId, unlocked);
    if (entered.actorTenantId !== entered.tenantId)
      await deps.audit.recordAsSystem(tx, entered.actorTenantId, {
        ...unlocked,
        after: { of: entered.tenantId, state: after },
      });
  });
  return presentUser(deps, user);
}

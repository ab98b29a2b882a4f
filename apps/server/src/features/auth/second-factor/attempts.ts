import { newId, type UserId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import { recordAttempt, type Verdict } from '../attempts.repo.ts';

const FORGET_HOURS = 24;

/** Where a factor is proved. Each known browser, and whoever is signed in, is counted apart from unknown browsers. */
export type Place = { at: 'sign-in'; device: string | undefined } | { at: 'session' };

/**
 * The row that counts wrong second factors of a user; those of known browsers and of sessions begin with the same bytes.
 *
 * SECURITY: by user and not by address, so that a new password by mail does not clear it: whoever reads somebody's mail would
 * have five guesses more with each. Nor by session or client (threats 36 and 40).
 */
export function factorThrottleKey(deps: Pick<Deps, 'blindIndex'>, userId: UserId, place?: Place): Buffer {
  const user = deps.blindIndex.of('throttle second factor', userId);
  const of = place === undefined ? undefined : place.at === 'session' ? 'session' : place.device;
  return of === undefined
    ? user
    : Buffer.concat([user, deps.blindIndex.of('throttle second factor', userId, of)]);
}

/** Judges an attempt that was compared already, like one at a password (`judgeAttempt`): as many failures lock for as long. */
export const judgeFactor = (
  deps: Deps,
  { userId, place, ok }: { userId: UserId; place: Place; ok: boolean },
): Promise<{ verdict: Verdict; lockedUntil: Date | null }> =>
  recordAttempt(deps.doors, {
    key: factorThrottleKey(deps, userId, place),
    id: newId(),
    ok,
    limit: deps.config.lockoutAttempts,
    lockMinutes: deps.config.lockoutMinutes,
    forgetHours: FORGET_HOURS,
    now: deps.clock.now(),
  });

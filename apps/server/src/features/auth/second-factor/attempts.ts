import { newId, type UserId } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import { recordAttempt, type Verdict } from '../attempts.repo.ts';

const FORGET_HOURS = 24;
/** So many times the guesses of one browser are those of all known browsers of a user together. */
const DEVICES = 4;

/** Each known browser (`knownByFactor`), and whoever is signed in, is counted apart from unknown browsers. */
type Counted = { at: 'sign-in'; device: string | undefined } | { at: 'session' };
/** Where a factor is proved, and `by` which session token or in which session: challenges are made for that one. */
export type Place = Counted & { by: string };

/**
 * The row that counts wrong second factors of a user; those of known browsers and of sessions begin with the same bytes.
 *
 * SECURITY: by user and not by address, so that a new password by mail does not clear it: whoever reads somebody's mail would
 * have five guesses more with each. Nor by session or client (threats 36 and 40).
 */
export function factorThrottleKey(deps: Pick<Deps, 'blindIndex'>, userId: UserId, place?: Counted): Buffer {
  const user = deps.blindIndex.of('throttle second factor', userId);
  const of = place === undefined ? undefined : place.at === 'session' ? 'session' : place.device;
  return of === undefined
    ? user
    : Buffer.concat([user, deps.blindIndex.of('throttle second factor', userId, of)]);
}

type Judged = { verdict: Verdict; lockedUntil: Date | null };

/**
 * Judges an attempt that was compared already, like one at a password (`judgeAttempt`): as many failures lock for as long.
 *
 * SECURITY: known browsers have a ceiling together, so that whoever comes by many of them has not five guesses with each. Right is
 * what both find open. Strangers count towards their own row alone, and shut no known browser out.
 */
export async function judgeFactor(
  deps: Deps,
  { userId, place, ok }: { userId: UserId; place: Place; ok: boolean },
): Promise<Judged> {
  const count = (key: Buffer, limit: number) =>
    recordAttempt(deps.doors, {
      key,
      id: newId(),
      ok,
      limit,
      lockMinutes: deps.config.lockoutMinutes,
      forgetHours: FORGET_HOURS,
      now: deps.clock.now(),
    });
  const limit = deps.config.lockoutAttempts;
  const here = await count(factorThrottleKey(deps, userId, place), limit);
  if (place.at === 'session' || place.device === undefined || here.verdict === 'locked') return here;
  const everywhere = factorThrottleKey(deps, userId, { at: 'sign-in', device: 'all devices' });
  const all = await count(everywhere, limit * DEVICES);
  return all.lockedUntil === null ? here : all;
}

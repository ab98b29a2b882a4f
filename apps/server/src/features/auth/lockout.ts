import { newId, type UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { recordAttempt, type Verdict } from './attempts.repo.ts';

/** Failures older than this no longer count towards a lock. */
const FORGET_HOURS = 24;

export interface Attempt {
  emailKey: string;
  /** Who the address belongs to, where anybody. */
  userId: UserId | undefined;
  /** Set when the browser is known for this account. */
  device: string | undefined;
  ok: boolean;
}

/**
 * The row that counts attempts from unknown browsers on an address, whether or not anybody has it. The row of a known browser
 * begins with the same bytes, so that all rows of an address lie side by side: unlocking takes them together.
 */
export const throttleKey = (deps: Pick<Deps, 'blindIndex'>, emailKey: string, device?: string): Buffer => {
  const address = deps.blindIndex.of('throttle address', emailKey);
  return device === undefined
    ? address
    : Buffer.concat([address, deps.blindIndex.of('throttle device', emailKey, device)]);
};

/**
 * Judges an attempt whose password was compared already: five failures lock the address for thirty minutes, for unknown
 * browsers; a known browser is counted apart. In a locked state a right password is answered like a wrong one.
 */
export function judgeAttempt(
  deps: Deps,
  attempt: Attempt,
): Promise<{ verdict: Verdict; lockedUntil: Date | null }> {
  return recordAttempt(deps.doors, {
    key: throttleKey(deps, attempt.emailKey, attempt.device),
    id: newId(),
    ok: attempt.ok,
    limit: deps.config.lockoutAttempts,
    lockMinutes: deps.config.lockoutMinutes,
    forgetHours: FORGET_HOURS,
    now: deps.clock.now(),
  });
}

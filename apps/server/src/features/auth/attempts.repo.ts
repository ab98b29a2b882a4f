import type { Doors } from '../../platform/database/index.ts';

export type Verdict = 'accepted' | 'failed' | 'locked' | 'locked_now';

/** Judges one attempt in one statement (db/migrations/0002_functions.sql, `record_login_attempt`). */
export async function recordAttempt(
  doors: Doors,
  attempt: {
    key: Buffer;
    id: string;
    ok: boolean;
    limit: number;
    lockMinutes: number;
    forgetHours: number;
    now: Date;
  },
): Promise<{ verdict: Verdict; lockedUntil: Date | null }> {
  const [row] = await doors.call<{ verdict: Verdict; locked_until: Date | null }>(
    `select verdict, locked_until from gatehouse.record_login_attempt($1, $2, $3, $4, make_interval(mins => $5), make_interval(hours => $6), $7)`,
    [
      attempt.key,
      attempt.id,
      attempt.ok,
      attempt.limit,
      attempt.lockMinutes,
      attempt.forgetHours,
      attempt.now,
    ],
  );
  if (!row) throw new Error('an attempt without a verdict');
  return { verdict: row.verdict, lockedUntil: row.locked_until };
}

import { CompiledQuery, sql } from 'kysely';
import type { Doors } from '../database/index.ts';

/** The limiter library writes its own statement (one upsert that counts and answers); it runs through the system door. */
export const storeOn = (doors: Doors, clockOffset: () => number) => ({
  query: (statement: { text: string; values: unknown[] }) =>
    doors.asSystem('rate limit', async (tx) => {
      const result = await tx.executeQuery<Record<string, unknown>>(
        CompiledQuery.raw(
          statement.text,
          statement.values.map((value) => moved(value, clockOffset())),
        ),
      );
      for (const row of result.rows) if ('expire' in row) row.expire = Number(row.expire) - clockOffset();
      return { rows: result.rows, rowCount: Number(result.numAffectedRows ?? 0) };
    }),
});

/** The library tells times by this machine's clock, in milliseconds since 1970; windows are shared, and go by the database's. */
const moved = (value: unknown, offset: number) =>
  typeof value === 'number' && value > 1_000_000_000_000 ? value + offset : value;

/** SECURITY: `strpos` and not LIKE: base64url has `_`, which would stand for any character. */
export const deleteCounters = (doors: Doors, part: string): Promise<void> =>
  doors.asSystem('forget counters', async (tx) => {
    await sql`delete from gatehouse.rate_limits where strpos(key, ${part}) > 0`.execute(tx);
  });

/**
 * Takes points back from a window that ends within so many milliseconds, and leaves any other alone.
 *
 * SECURITY: never below nothing: whoever makes acts fail must not get credit for the mails to come.
 */
export const takeBackPoints = (
  doors: Doors,
  key: string,
  points: number,
  now: number,
  withinMs: number,
): Promise<void> =>
  doors.asSystem('rate limit', async (tx) => {
    await sql`
      update gatehouse.rate_limits set points = greatest(points - ${points}, 0)
      where key = ${key} and expire > ${now} and expire <= ${Math.ceil(now + withinMs)}`.execute(tx);
  });

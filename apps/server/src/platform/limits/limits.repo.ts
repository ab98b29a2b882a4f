import { CompiledQuery } from 'kysely';
import type { Doors } from '../database/index.ts';

/** The limiter library writes its own statement (one upsert that counts and answers); it runs through the system door. */
export const storeOn = (doors: Doors) => ({
  query: (statement: { text: string; values: unknown[] }) =>
    doors.asSystem('rate limit', async (tx) => {
      const result = await tx.executeQuery<Record<string, unknown>>(
        CompiledQuery.raw(statement.text, statement.values),
      );
      return { rows: result.rows, rowCount: Number(result.numAffectedRows ?? 0) };
    }),
});

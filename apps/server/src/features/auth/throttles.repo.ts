import type { SystemTx } from '../../platform/database/index.ts';

export async function clearThrottle(tx: SystemTx, key: Buffer): Promise<boolean> {
  const result = await tx.deleteFrom('login_throttles').where('key', '=', key).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Which of these are locked right now. */
export async function listLocked(tx: SystemTx, keys: readonly Buffer[], now: Date): Promise<Buffer[]> {
  if (keys.length === 0) return [];
  const rows = await tx
    .selectFrom('login_throttles')
    .select('key')
    .where('key', 'in', [...keys])
    .where('locked_until', '>', now)
    .execute();
  return rows.map((row) => row.key);
}

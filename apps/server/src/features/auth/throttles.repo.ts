import { sql } from 'kysely';
import type { SystemTx } from '../../platform/database/index.ts';

// Every row of an address, its known browsers' too, begins with the key of the address (throttleKey).
const LAST = Buffer.alloc(32, 0xff);

/** What was counted until now. */
export interface Cleared {
  failures: number;
  lockedUntil: Date | null;
}

/** Forgets the failures on an address, from unknown browsers and from known ones. Undefined when there were none. */
export async function clearThrottle(tx: SystemTx, address: Buffer): Promise<Cleared | undefined> {
  const rows = await tx
    .deleteFrom('login_throttles')
    .where('key', '>=', address)
    .where('key', '<=', Buffer.concat([address, LAST]))
    .where('failures', '>', 0)
    .returning(['failures', 'locked_until'])
    .execute();
  if (rows.length === 0) return undefined;
  const locks = rows.flatMap((row) => row.locked_until?.getTime() ?? []);
  return {
    failures: rows.reduce((sum, row) => sum + row.failures, 0),
    lockedUntil: locks.length === 0 ? null : new Date(Math.max(...locks)),
  };
}

/** Every row of an address, whatever it counts: the person is erased. */
export async function forgetThrottle(tx: SystemTx, address: Buffer): Promise<void> {
  await tx
    .deleteFrom('login_throttles')
    .where('key', '>=', address)
    .where('key', '<=', Buffer.concat([address, LAST]))
    .execute();
}

/** On which of these addresses sign-in is locked right now, for unknown browsers or for a known one. */
export async function listLocked(tx: SystemTx, addresses: readonly Buffer[], now: Date): Promise<Buffer[]> {
  if (addresses.length === 0) return [];
  const { rows } = await sql<{ key: Buffer }>`
    select a.key from unnest(${[...addresses]}::bytea[]) a(key)
    where exists (select from gatehouse.login_throttles t
      where t.key >= a.key and t.key <= a.key || ${LAST}::bytea and t.locked_until > ${now})`.execute(tx);
  return rows.map((row) => row.key);
}

import { sql } from 'kysely';
import type { SystemTx } from '../database/index.ts';

export async function insertInstallation(
  tx: SystemTx,
  it: { id: string; keyCheckSealed: string; now: Date },
): Promise<void> {
  await tx
    .insertInto('installation')
    .values({ id: it.id, key_check_sealed: it.keyCheckSealed, created_at: it.now })
    .onConflict((oc) => oc.doNothing())
    .execute();
}

export const loadInstallation = (tx: SystemTx) =>
  tx.selectFrom('installation').select('key_check_sealed').executeTakeFirst();

export async function makePartitions(tx: SystemTx, now: Date): Promise<void> {
  await sql`select gatehouse.ensure_partitions(${now})`.execute(tx);
}

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

const COLUMNS = ['key_check_sealed', 'index_key_sealed', 'master_key_since', 'created_at'] as const;

export const loadInstallation = (tx: SystemTx) =>
  tx.selectFrom('installation').select(COLUMNS).executeTakeFirst();

/** The same, and nobody changes it before this transaction has ended. */
export const loadInstallationToChange = (tx: SystemTx) =>
  tx.selectFrom('installation').select(COLUMNS).forUpdate().executeTakeFirst();

/** Of several first starts one gives the key; the answer is the one that counts. */
export async function keepIndexKey(tx: SystemTx, sealed: string): Promise<string> {
  const row = await tx
    .updateTable('installation')
    .set((eb) => ({ index_key_sealed: eb.fn.coalesce('index_key_sealed', sql<string>`${sealed}::text`) }))
    .returning('index_key_sealed')
    .executeTakeFirstOrThrow();
  return row.index_key_sealed ?? sealed;
}

export async function changeMasterKey(
  tx: SystemTx,
  it: { keyCheckSealed: string; indexKeySealed: string; now: Date },
): Promise<void> {
  await tx
    .updateTable('installation')
    .set({
      key_check_sealed: it.keyCheckSealed,
      index_key_sealed: it.indexKeySealed,
      master_key_since: it.now,
    })
    .execute();
}

export async function makePartitions(tx: SystemTx, now: Date): Promise<void> {
  await sql`select gatehouse.ensure_partitions(${now})`.execute(tx);
}

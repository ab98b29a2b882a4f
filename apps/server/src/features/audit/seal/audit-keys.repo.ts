import type { SystemTx } from '../../../platform/database/index.ts';

export const listAuditKeys = (tx: SystemTx) =>
  tx.selectFrom('audit_keys').selectAll().orderBy('status').orderBy('created_at', 'desc').execute();

/** Of several first starts at once one key wins: the index allows one active key. */
export async function insertAuditKey(
  tx: SystemTx,
  key: { kid: string; publicKey: Buffer; privateSealed: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .insertInto('audit_keys')
    .values({
      kid: key.kid,
      public_key: key.publicKey,
      private_sealed: key.privateSealed,
      status: 'active',
      created_at: key.now,
    })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** The key that signed until now; undefined when another transaction has just retired it. */
export async function retireAuditKey(tx: SystemTx): Promise<string | undefined> {
  const retired = await tx
    .updateTable('audit_keys')
    .set({ status: 'retired' })
    .where('status', '=', 'active')
    .returning('kid')
    .executeTakeFirst();
  return retired?.kid;
}

import type { TenantTx } from '../../../platform/database/index.ts';
import { refusedIfGone } from '../connections.repo.ts';

/** Notes ids as taken. False, and nothing is decided by it, when one of them was: one statement, so that of many at once one gets them. */
export async function takeMessageIds(
  tx: TenantTx,
  connectionId: string,
  hashes: readonly Buffer[],
  expiresAt: Date,
): Promise<boolean> {
  const inserted = await refusedIfGone(
    tx
      .insertInto('saml_message_ids')
      .values(
        // In one order for all, so that two of the same do not wait for each other.
        hashes
          .toSorted((a, b) => a.compare(b))
          .map((hash) => ({
            tenant_id: tx.tenantId,
            connection_id: connectionId,
            id_hash: hash,
            expires_at: expiresAt,
          })),
      )
      .onConflict((oc) => oc.doNothing())
      .executeTakeFirst(),
  );
  return inserted.numInsertedOrUpdatedRows === BigInt(hashes.length);
}

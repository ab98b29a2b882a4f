import { sql } from 'kysely';
import type { SystemTx } from '../../platform/database/index.ts';

export function listKeys(tx: SystemTx) {
  return tx
    .selectFrom('signing_keys')
    .selectAll()
    .where('status', '!=', 'retired')
    .orderBy('created_at', 'desc')
    .execute();
}

/** Of several first starts at once one key wins: the index allows one active key for each algorithm. */
export async function insertKey(
  tx: SystemTx,
  key: { kid: string; alg: string; publicJwk: unknown; privateSealed: string; now: Date },
): Promise<boolean> {
  const result = await tx
    .insertInto('signing_keys')
    .values({
      kid: key.kid,
      alg: key.alg,
      public_jwk: sql`${JSON.stringify(key.publicJwk)}::jsonb`,
      private_sealed: key.privateSealed,
      status: 'active',
      created_at: key.now,
    })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

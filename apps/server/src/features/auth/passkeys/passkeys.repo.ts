import { sql } from 'kysely';
import type { Doors, TenantTx } from '../../../platform/database/index.ts';
import { newId, type TenantId, type UserId } from '../../../platform/ids.ts';
import type { SealedPasskey } from './stored-passkey.ts';

/** A passkey, and the account that it enters. */
export interface FoundPasskey extends SealedPasskey {
  tenantId: TenantId;
  userId: UserId;
  email: string;
  userStatus: string;
  tenantStatus: string;
}

/** The one look-up by credential id, before any tenant is known (docs/security/rls-exceptions.md). */
export async function findPasskey(doors: Doors, index: Buffer): Promise<FoundPasskey | undefined> {
  const [found] = await doors.call<FoundPasskey & Record<string, unknown>>(
    `select tenant_id as "tenantId", user_id as "userId", email, user_status as "userStatus", tenant_status as "tenantStatus",
            id, secret_sealed, sign_count from gatehouse.find_passkey($1)`,
    [index],
  );
  return found;
}

export const loadPasskeys = (tx: TenantTx, userId: UserId): Promise<SealedPasskey[]> =>
  tx
    .selectFrom('credentials')
    .select(['id', 'secret_sealed', 'sign_count'])
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('kind', '=', 'passkey')
    .orderBy('id')
    .execute();

/** Undefined where the credential id belongs to somebody already, of whichever tenant. */
export async function insertPasskey(
  tx: TenantTx,
  userId: UserId,
  passkey: { index: Buffer; secretSealed: string; label: string | null; counter: number },
  now: Date,
): Promise<string | undefined> {
  const inserted = await tx
    .insertInto('credentials')
    .values({
      tenant_id: tx.tenantId,
      id: newId(),
      user_id: userId,
      kind: 'passkey',
      secret_sealed: passkey.secretSealed,
      passkey_index: passkey.index,
      sign_count: passkey.counter,
      label: passkey.label,
      created_at: now,
      updated_at: now,
    })
    .onConflict((oc) => oc.doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id;
}

/**
 * Takes the counter of an answer. False where this one or a newer one was taken meanwhile, or the passkey is gone. Authenticators
 * that do not count say 0 each time.
 */
export async function advanceCounter(tx: TenantTx, id: string, counter: number, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('credentials')
    .set({ sign_count: counter, last_used_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('kind', '=', 'passkey')
    .where(sql<boolean>`(sign_count < ${counter} or (sign_count = 0 and ${counter}::bigint = 0))`)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

import { sql } from 'kysely';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { takeAddress } from '../people/index.ts';

const ofUser = (tx: TenantTx, userId: UserId) =>
  tx.updateTable('users').where('tenant_id', '=', tx.tenantId).where('id', '=', userId);

/** A mailed link came back: the address is the user's. Who was invited is active from now on. */
export async function proveAddress(tx: TenantTx, userId: UserId, now: Date): Promise<void> {
  await ofUser(tx, userId)
    .set((eb) => ({
      status: eb.case().when('status', '=', 'invited').then('active').else(eb.ref('status')).end(),
      email_verified_at: eb.fn.coalesce('email_verified_at', eb.val(now)),
      updated_at: now,
    }))
    .execute();
}

/**
 * Moves an account to another address, proved. False when the address enters an account already.
 */
export async function moveToAddress(
  tx: TenantTx,
  userId: UserId,
  { email, emailKey, now }: { email: string; emailKey: string; now: Date },
): Promise<boolean> {
  if (!(await takeAddress(tx, userId, emailKey))) return false;
  await tx
    .deleteFrom('login_identifiers')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('email_key', '!=', emailKey)
    .execute();
  const moved = await ofUser(tx, userId)
    .set({ email, email_key: emailKey, email_verified_at: now, updated_at: now })
    // Somebody who comes in by the tenant's own identity provider may have it, without a way in by address.
    .where(
      sql<boolean>`not exists (select from gatehouse.users o where o.tenant_id = ${tx.tenantId} and o.email_key = ${emailKey})`,
    )
    .executeTakeFirst();
  return moved.numUpdatedRows === 1n;
}

/** Whether the user's address was ever proved (db/migrations/0020_recovery.sql). */
export async function isAddressProved(doors: Doors, tenantId: TenantId, userId: UserId): Promise<boolean> {
  const [row] = await doors.call<{ proved: boolean }>('select gatehouse.email_verified($1, $2) as proved', [
    tenantId,
    userId,
  ]);
  return row?.proved ?? false;
}

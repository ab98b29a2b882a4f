import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { newId, type UserId } from '../../platform/ids.ts';

export async function insertRememberedDevice(
  tx: TenantTx,
  device: { userId: UserId; secretHash: Buffer; userAgent: string; now: Date; expiresAt: Date },
): Promise<void> {
  await tx
    .insertInto('remembered_devices')
    .values({
      tenant_id: tx.tenantId,
      id: newId(),
      user_id: device.userId,
      secret_hash: device.secretHash,
      user_agent: device.userAgent,
      created_at: device.now,
      expires_at: device.expiresAt,
    })
    .execute();
}

/** Whether one of these hashes is that of a browser that is remembered for the user, for no longer than `days`. */
export async function isRemembered(
  tx: TenantTx,
  userId: UserId,
  hashes: readonly Buffer[],
  { days, now }: { days: number; now: Date },
): Promise<boolean> {
  if (hashes.length === 0 || days === 0) return false;
  const found = await tx
    .selectFrom('remembered_devices')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('secret_hash', '=', sql<Buffer>`any(${[...hashes]}::bytea[])`)
    .where('expires_at', '>', now)
    // What the tenant says now holds for those that were remembered before, too.
    .where('created_at', '>', new Date(now.getTime() - days * 86_400_000))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

export async function countRememberedDevices(tx: TenantTx, userId: UserId, now: Date): Promise<number> {
  const row = await tx
    .selectFrom('remembered_devices')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Forgets every browser of a user; how many there were. */
export async function forgetDevices(tx: TenantTx, userId: UserId): Promise<number> {
  const result = await tx
    .deleteFrom('remembered_devices')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

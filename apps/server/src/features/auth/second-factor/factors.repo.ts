import { sql } from 'kysely';
import type { TenantTx } from '../../../platform/database/index.ts';
import { newId, type UserId } from '../../../platform/ids.ts';

/** Kinds for which a user is asked at sign-in. Backup codes stand in for one of them and are no reason to ask. */
const ASKED = ['totp', 'passkey'] as const;
export type StoredKind = 'totp' | 'backup_code';

const factorsOf = (tx: TenantTx, userId: UserId) =>
  tx.selectFrom('credentials').where('tenant_id', '=', tx.tenantId).where('user_id', '=', userId);

/** The factor to be asked for that the user added last. */
export async function loadNewestFactor(tx: TenantTx, userId: UserId): Promise<string | undefined> {
  const found = await factorsOf(tx, userId)
    .select('id')
    .where('kind', 'in', ASKED)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.id;
}

/** Whether the user has a second factor to be asked for. */
export const hasSecondFactor = async (tx: TenantTx, userId: UserId): Promise<boolean> =>
  (await loadNewestFactor(tx, userId)) !== undefined;

/** What the user could prove, without the secrets; backup codes one by one. */
export const listFactors = (tx: TenantTx, userId: UserId) =>
  factorsOf(tx, userId)
    .select(['id', 'kind', 'label', 'created_at', 'last_used_at'])
    .where('kind', '!=', 'password')
    .orderBy('id')
    .execute();

export interface SealedFactor {
  id: string;
  secret_sealed: string;
  last_step: string | null;
}

export const loadSecrets = (tx: TenantTx, userId: UserId, kind: StoredKind): Promise<SealedFactor[]> =>
  factorsOf(tx, userId)
    .select(['id', 'secret_sealed', 'last_step'])
    .where('kind', '=', kind)
    .orderBy('id')
    .execute();

export async function insertFactors(
  tx: TenantTx,
  userId: UserId,
  kind: StoredKind,
  factors: readonly { secretSealed: string; label?: string | null; lastStep?: number }[],
  now: Date,
): Promise<string[]> {
  const rows = factors.map(({ secretSealed, label, lastStep }) => ({
    tenant_id: tx.tenantId,
    id: newId(),
    user_id: userId,
    kind,
    secret_sealed: secretSealed,
    label: label ?? null,
    last_step: lastStep ?? null,
    created_at: now,
    updated_at: now,
  }));
  await tx.insertInto('credentials').values(rows).execute();
  return rows.map(({ id }) => id);
}

/**
 * Takes the code of a time step. False where the code of this step or of a newer one was taken already: of many at once, with
 * the same code, one is told true (threat 39).
 */
export async function spendStep(tx: TenantTx, id: string, step: number, now: Date): Promise<boolean> {
  const result = await tx
    .updateTable('credentials')
    .set({ last_step: step, last_used_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('kind', '=', 'totp')
    .where(sql<boolean>`(last_step is null or last_step < ${step})`)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Uses a backup code up. False where that was done already. */
export async function spendBackupCode(tx: TenantTx, id: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('credentials')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('kind', '=', 'backup_code')
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Removes one factor of the user; what it was, or undefined. */
export const deleteFactor = (tx: TenantTx, userId: UserId, id: string) =>
  tx
    .deleteFrom('credentials')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('kind', 'in', ASKED)
    .returning(['kind', 'label'])
    .executeTakeFirst();

/** Removes every factor but the password, or those of a kind; how many there were. */
export async function deleteFactors(tx: TenantTx, userId: UserId, kind?: StoredKind): Promise<number> {
  let query = tx
    .deleteFrom('credentials')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('kind', '!=', 'password');
  if (kind !== undefined) query = query.where('kind', '=', kind);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}

import { sql } from 'kysely';
import type { TenantTx } from '../../../platform/database/index.ts';
import { newId, type UserId } from '../../../platform/ids.ts';

/** Kinds for which a user is asked at sign-in. Backup codes stand in for one of them and are no reason to ask. */
const ASKED = ['totp', 'passkey'] as const;
export type StoredKind = 'totp' | 'backup_code' | 'passkey';

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
  sign_count: string | null;
}

export const loadSecrets = (tx: TenantTx, userId: UserId, kind: StoredKind): Promise<SealedFactor[]> =>
  factorsOf(tx, userId)
    .select(['id', 'secret_sealed', 'last_step', 'sign_count'])
    .where('kind', '=', kind)
    .orderBy('id')
    .execute();

export async function insertTotp(
  tx: TenantTx,
  userId: UserId,
  totp: { secretSealed: string; label: string | null; lastStep: number },
  now: Date,
): Promise<string> {
  const id = newId();
  await tx
    .insertInto('credentials')
    .values({
      tenant_id: tx.tenantId,
      id,
      user_id: userId,
      kind: 'totp',
      secret_sealed: totp.secretSealed,
      label: totp.label,
      last_step: totp.lastStep,
      created_at: now,
      updated_at: now,
    })
    .execute();
  return id;
}

export async function insertBackupCodes(
  tx: TenantTx,
  userId: UserId,
  sealed: readonly string[],
  now: Date,
): Promise<void> {
  const rows = sealed.map((secretSealed) => ({
    tenant_id: tx.tenantId,
    id: newId(),
    user_id: userId,
    kind: 'backup_code',
    secret_sealed: secretSealed,
    created_at: now,
    updated_at: now,
  }));
  await tx.insertInto('credentials').values(rows).execute();
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

/** Gives one factor of the user another name; the one before, or undefined where there is no such factor. */
export async function renameFactor(
  tx: TenantTx,
  userId: UserId,
  id: string,
  label: string | null,
  now: Date,
): Promise<{ label: string | null } | undefined> {
  const ofUser = factorsOf(tx, userId).where('id', '=', id).where('kind', 'in', ASKED);
  const before = await ofUser.select('label').forUpdate().executeTakeFirst();
  if (before === undefined) return undefined;
  await tx
    .updateTable('credentials')
    .set({ label, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
  return before;
}

/**
 * Whether anything but passkeys lets the user in, or another passkey does. Whoever has only one of them must not remove it: that
 * would be an account of nobody.
 */
export async function hasWayInWithout(tx: TenantTx, userId: UserId, passkeyId: string): Promise<boolean> {
  const credential = await factorsOf(tx, userId)
    .select('id')
    .where('kind', 'in', ['password', 'passkey'])
    .where('id', '!=', passkeyId)
    .limit(1)
    .executeTakeFirst();
  if (credential !== undefined) return true;
  const identity = await tx
    .selectFrom('external_identities')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .limit(1)
    .executeTakeFirst();
  return identity !== undefined;
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

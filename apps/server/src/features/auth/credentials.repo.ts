import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { newId, type UserId } from '../../platform/ids.ts';

/** Sets the user's one password. */
export async function writePassword(
  tx: TenantTx,
  userId: UserId,
  secretSealed: string,
  now: Date,
): Promise<void> {
  await tx
    .insertInto('credentials')
    .values({
      tenant_id: tx.tenantId,
      id: newId(),
      user_id: userId,
      kind: 'password',
      secret_sealed: secretSealed,
      created_at: now,
      updated_at: now,
    })
    .onConflict((oc) =>
      oc
        .columns(['tenant_id', 'user_id'])
        // A literal: a generic plan (the sixth run on a connection) matches no partial index to a parameter.
        .where('kind', '=', sql.lit('password'))
        .doUpdateSet({ secret_sealed: secretSealed, updated_at: now }),
    )
    .execute();
}

/** Replaces a hash by a better one of the same password, unless the password was changed meanwhile. */
export async function rewritePassword(
  tx: TenantTx,
  credentialId: string,
  was: string,
  secretSealed: string,
  now: Date,
): Promise<boolean> {
  const result = await tx
    .updateTable('credentials')
    .set({ secret_sealed: secretSealed, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', credentialId)
    .where('secret_sealed', '=', was)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function markSignedIn(tx: TenantTx, userId: UserId, now: Date): Promise<void> {
  await tx
    .updateTable('users')
    .set({ last_login_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', userId)
    .execute();
}

/** The present password of a user, sealed. */
export async function loadPassword(tx: TenantTx, credentialId: string): Promise<string | undefined> {
  const found = await tx
    .selectFrom('credentials')
    .select('secret_sealed')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', credentialId)
    .executeTakeFirst();
  return found?.secret_sealed;
}

/** Removes whatever a user could prove who they are with; resolves to their kinds. */
export async function deleteCredentials(tx: TenantTx, userId: UserId): Promise<string[]> {
  const rows = await tx
    .deleteFrom('credentials')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .returning('kind')
    .execute();
  return rows.map(({ kind }) => kind);
}

/** The accounts of identity providers that enter this user. */
export async function deleteIdentities(tx: TenantTx, userId: UserId): Promise<void> {
  await tx
    .deleteFrom('external_identities')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .execute();
}

/** Whether there is a password to ask somebody for once more. */
export async function hasPassword(tx: TenantTx, userId: UserId): Promise<boolean> {
  const row = await tx
    .selectFrom('credentials')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .where('kind', '=', 'password')
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a user comes in by the address: it enters the account, and there is a password or a passkey to prove it with. */
export async function hasWayByAddress(tx: TenantTx, userId: UserId): Promise<boolean> {
  const row = await tx
    .selectFrom('credentials as c')
    .innerJoin('login_identifiers as l', (join) =>
      join.onRef('l.tenant_id', '=', 'c.tenant_id').onRef('l.user_id', '=', 'c.user_id'),
    )
    .select('c.id')
    .where('c.tenant_id', '=', tx.tenantId)
    .where('c.user_id', '=', userId)
    .where('c.kind', 'in', ['password', 'passkey'])
    .executeTakeFirst();
  return row !== undefined;
}

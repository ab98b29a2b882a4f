import { sql } from 'kysely';
import type { TenantTx } from '../database/index.ts';

export interface NewToken {
  id: string;
  purpose: string;
  hash: Buffer;
  subjectId: string | null;
  payloadSealed: string | null;
  /** Of the address that the payload names (`addressIndex`). */
  address: Buffer | null;
  now: Date;
  expiresAt: Date;
}

export async function insertToken(tx: TenantTx, token: NewToken): Promise<void> {
  await tx
    .insertInto('one_time_tokens')
    .values({
      tenant_id: tx.tenantId,
      id: token.id,
      purpose: token.purpose,
      hash: token.hash,
      subject_id: token.subjectId,
      payload_sealed: token.payloadSealed,
      address: token.address,
      created_at: token.now,
      expires_at: token.expiresAt,
    })
    .execute();
}

/** One token has one hash under each master key at hand; at most one of them is in the table. */
const anyOf = (hashes: readonly Buffer[]) => sql<Buffer>`any(${[...hashes]}::bytea[])`;

export function consumeToken(tx: TenantTx, purpose: string, hashes: readonly Buffer[], now: Date) {
  return tx
    .updateTable('one_time_tokens')
    .set({ consumed_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('purpose', '=', purpose)
    .where('hash', '=', anyOf(hashes))
    .where('consumed_at', 'is', null)
    .where('expires_at', '>', now)
    .returning(['subject_id', 'payload_sealed'])
    .executeTakeFirst();
}

/** What an open token carries; it stays open. */
export function loadToken(tx: TenantTx, purpose: string, hashes: readonly Buffer[], now: Date) {
  return tx
    .selectFrom('one_time_tokens')
    .select(['subject_id', 'payload_sealed'])
    .where('tenant_id', '=', tx.tenantId)
    .where('purpose', '=', purpose)
    .where('hash', '=', anyOf(hashes))
    .where('consumed_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** Removes every token of a subject, spent ones too, with what they carry. */
export async function deleteTokens(tx: TenantTx, subjectId: string): Promise<void> {
  await tx
    .deleteFrom('one_time_tokens')
    .where('tenant_id', '=', tx.tenantId)
    .where('subject_id', '=', subjectId)
    .execute();
}

/** Replaces what an open token carries, unless that was done before. */
export async function amendToken(
  tx: TenantTx,
  purpose: string,
  hashes: readonly Buffer[],
  payloadSealed: string,
  now: Date,
): Promise<boolean> {
  const amended = await tx
    .updateTable('one_time_tokens')
    .set({ payload_sealed: payloadSealed, amended_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('purpose', '=', purpose)
    .where('hash', '=', anyOf(hashes))
    .where('amended_at', 'is', null)
    .where('consumed_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return amended.numUpdatedRows === 1n;
}

/** Removes one token, with what it carries. */
export async function deleteToken(tx: TenantTx, purpose: string, hashes: readonly Buffer[]): Promise<void> {
  await tx
    .deleteFrom('one_time_tokens')
    .where('tenant_id', '=', tx.tenantId)
    .where('purpose', '=', purpose)
    .where('hash', '=', anyOf(hashes))
    .execute();
}

export async function revokeTokens(
  tx: TenantTx,
  purpose: string | undefined,
  subjectId: string,
  now: Date,
): Promise<void> {
  let query = tx
    .updateTable('one_time_tokens')
    .set({ consumed_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('subject_id', '=', subjectId)
    .where('consumed_at', 'is', null);
  if (purpose !== undefined) query = query.where('purpose', '=', purpose);
  await query.execute();
}

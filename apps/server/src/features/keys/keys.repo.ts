import { sql } from 'kysely';
import type { SystemTx } from '../../platform/database/index.ts';

export interface KeyRow {
  kid: string;
  alg: string;
  private_sealed: string;
  status: 'active' | 'next' | 'retired';
  /** Published since then. */
  created_at: Date;
  /** Set when its turn was ordered before it was ripe. */
  signs_from: Date | null;
  activated_at: Date | null;
  retired_at: Date | null;
  /** A retired key is removed then. */
  verifies_until: Date | null;
}

/** The keys of one purpose; those of another are not even read. */
export async function listKeys(tx: SystemTx, purpose: string): Promise<KeyRow[]> {
  const rows = await tx
    .selectFrom('signing_keys')
    .select([
      'kid',
      'alg',
      'private_sealed',
      'status',
      'created_at',
      'signs_from',
      'activated_at',
      'retired_at',
      'verifies_until',
    ])
    .where('purpose', '=', purpose)
    .orderBy('created_at', 'desc')
    .orderBy('kid')
    .execute();
  return rows as KeyRow[];
}

/** One process at a time changes keys; the others wait for it. The lock goes with the transaction, however that ends. */
export async function lockKeys(tx: SystemTx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('gatehouse signing keys', 0))`.execute(tx);
}

/** The same for what another process may do just as well. */
export async function tryLockKeys(tx: SystemTx): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended('gatehouse signing keys', 0)) as held`.execute(tx);
  return rows[0]?.held === true;
}

export async function insertKey(
  tx: SystemTx,
  key: {
    kid: string;
    alg: string;
    purpose: string;
    publicJwk: unknown;
    privateSealed: string;
    status: 'active' | 'next';
    now: Date;
  },
): Promise<void> {
  await tx
    .insertInto('signing_keys')
    .values({
      kid: key.kid,
      alg: key.alg,
      purpose: key.purpose,
      public_jwk: sql`${JSON.stringify(key.publicJwk)}::jsonb`,
      private_sealed: key.privateSealed,
      status: key.status,
      created_at: key.now,
      activated_at: key.status === 'active' ? key.now : null,
    })
    .execute();
}

export async function retireActiveKeys(
  tx: SystemTx,
  purpose: string,
  now: Date,
  verifiesUntil: Date,
): Promise<void> {
  await tx
    .updateTable('signing_keys')
    .set({ status: 'retired', retired_at: now, verifies_until: verifiesUntil })
    .where('purpose', '=', purpose)
    .where('status', '=', 'active')
    .execute();
}

export async function activateKey(tx: SystemTx, kid: string, now: Date): Promise<void> {
  await tx
    .updateTable('signing_keys')
    .set({ status: 'active', activated_at: now, signs_from: null })
    .where('kid', '=', kid)
    .execute();
}

export async function orderKey(tx: SystemTx, kid: string, signsFrom: Date): Promise<void> {
  await tx.updateTable('signing_keys').set({ signs_from: signsFrom }).where('kid', '=', kid).execute();
}

export async function deleteKey(tx: SystemTx, kid: string): Promise<void> {
  await tx.deleteFrom('signing_keys').where('kid', '=', kid).execute();
}

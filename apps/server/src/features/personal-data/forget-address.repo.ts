import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** Removes mail and links of an address, in every tenant where they can be the user's (db/migrations/0071_erasure.sql). */
export async function forgetAddress(tx: TenantTx, address: Buffer, userId: string): Promise<void> {
  await sql`select gatehouse.forget_address(${address}, ${userId})`.execute(tx);
}

import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** Removes mail and links of an address, in every tenant where they can be the user's (db/migrations/0071_erasure.sql). */
export async function forgetAddress(tx: TenantTx, address: Buffer, userId: string): Promise<void> {
  await sql`select gatehouse.forget_address(${address}, ${userId})`.execute(tx);
}

/**
 * Removes invitations of an address that wait, in whichever tenants, and destroys the keys under which records there say whom they
 * were for (db/migrations/0073_invitations_forgotten.sql).
 */
export async function forgetInvitations(
  tx: TenantTx,
  of: { emailKey: string; address: Buffer; userId: string; now: Date },
): Promise<void> {
  await sql`select gatehouse.forget_invitations(${of.emailKey}, ${of.address}, ${of.userId}, ${of.now})`.execute(
    tx,
  );
}

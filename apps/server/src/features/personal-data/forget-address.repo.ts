import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** Removes mail and links of an address, in every tenant where they can be the user's (db/migrations/0071_erasure.sql). */
export async function forgetAddress(tx: TenantTx, address: Buffer, userId: string): Promise<void> {
  await sql`select gatehouse.forget_address(${address}, ${userId})`.execute(tx);
}

/** Removes mail to an address in the entered tenant alone (db/migrations/0102_erasure_of_unproved.sql). */
export async function forgetMailHere(tx: TenantTx, address: Buffer): Promise<void> {
  await sql`select gatehouse.forget_mail_here(${address})`.execute(tx);
}

/** Removes links that carry an address, in the entered tenant alone. */
export async function forgetLinksHere(tx: TenantTx, address: Buffer): Promise<void> {
  await tx
    .deleteFrom('one_time_tokens')
    .where('tenant_id', '=', tx.tenantId)
    .where('address', '=', address)
    // A registration names nobody, and waits in the root tenant for the owner of the address.
    .where('subject_id', 'is not', null)
    .execute();
}

/**
 * Removes invitations of an address that wait, and destroys the keys under which records say whom they were for: in whichever
 * tenants where the address signs in to the user's account, otherwise in the entered one
 * (db/migrations/0102_erasure_of_unproved.sql).
 */
export async function forgetInvitations(
  tx: TenantTx,
  of: { emailKey: string; address: Buffer; userId: string; now: Date },
): Promise<void> {
  await sql`select gatehouse.forget_invitations(${of.emailKey}, ${of.address}, ${of.userId}, ${of.now})`.execute(
    tx,
  );
}

import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/**
 * One at a time for whatever ends an account, or one of its memberships, wherever that is: the account goes with memberships in
 * tenants that cannot lock its row, and those end sessions that lie in its home. Before the row of the user, of the membership or of
 * the invitation (docs/adr/0059).
 */
export async function lockPerson(tx: TenantTx, userId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('person ' || ${userId}::text, 0))`.execute(tx);
}

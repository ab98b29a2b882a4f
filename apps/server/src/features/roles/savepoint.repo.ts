import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** Runs work that may be given up without giving up the transaction that it is part of. */
export async function withinSavepoint<T>(tx: TenantTx, work: () => Promise<T>): Promise<T> {
  await sql`savepoint attempt`.execute(tx);
  try {
    const done = await work();
    await sql`release savepoint attempt`.execute(tx);
    return done;
  } catch (error) {
    await sql`rollback to savepoint attempt`.execute(tx);
    throw error;
  }
}

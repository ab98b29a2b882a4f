import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey } from '../../platform/email.ts';

/** Runs one line's statements so that they can fail without those of the other lines. */
export async function apart<T>(tx: TenantTx, work: () => Promise<T>): Promise<T> {
  await sql`savepoint line`.execute(tx);
  try {
    const result = await work();
    await sql`release savepoint line`.execute(tx);
    return result;
  } catch (error) {
    await sql`rollback to savepoint line`.execute(tx);
    throw error;
  }
}

/** The name of the entered tenant while it is active. */
export const loadActiveTenant = (tx: TenantTx) =>
  tx
    .selectFrom('tenants')
    .select('name')
    .where('id', '=', tx.tenantId)
    .where('status', '=', 'active')
    .executeTakeFirst();

/** Which of these addresses the entered tenant has users of. */
export async function loadPresent(tx: TenantTx, emails: readonly string[]): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('users')
    .select('email_key')
    .where('tenant_id', '=', tx.tenantId)
    .where('email_key', 'in', emails.map(emailKey))
    .execute();
  return new Set(rows.map((row) => row.email_key));
}

/** What somebody holds in the entered tenant now: the roles' names and permissions. */
export async function loadHeld(tx: TenantTx, principalId: string, now: Date) {
  const rows = await tx
    .selectFrom('held_roles as a')
    .innerJoin('roles as r', 'r.id', 'a.role_id')
    .leftJoin('role_permissions as p', 'p.role_id', 'r.id')
    .select(['r.name', 'p.permission'])
    .where('a.tenant_id', '=', tx.tenantId)
    .where('a.principal_id', '=', principalId)
    .where((eb) => eb.or([eb('a.expires_at', 'is', null), eb('a.expires_at', '>', now)]))
    .execute();
  return {
    roles: new Set(rows.map((row) => row.name)),
    permissions: new Set(rows.flatMap((row) => row.permission ?? [])),
  };
}

/** Which of these names no role has that the entered tenant sees. */
export async function loadUnknownRoles(tx: TenantTx, names: readonly string[]): Promise<string[]> {
  const rows = await tx
    .selectFrom('roles')
    .select('name')
    .where((eb) => eb.or([eb('tenant_id', 'is', null), eb('tenant_id', '=', tx.tenantId)]))
    .where('name', 'in', names)
    .execute();
  const known = new Set(rows.map((row) => row.name));
  return names.filter((name) => !known.has(name));
}

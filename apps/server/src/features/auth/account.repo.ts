import { sql } from 'kysely';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import type { PasswordHolder } from './personal-password.ts';

/** The account that an address enters, with its sealed password hash. */
export interface Account {
  tenantId: TenantId;
  userId: UserId;
  email: string;
  userStatus: 'invited' | 'active' | 'suspended';
  tenantStatus: string;
  credentialId: string | null;
  secretSealed: string | null;
}

/** The one look-up by address, before any tenant is known (docs/security/rls-exceptions.md). */
export async function loadAccount(doors: Doors, emailKey: string): Promise<Account | undefined> {
  const [account] = await doors.call<Account & Record<string, unknown>>(
    `select tenant_id as "tenantId", user_id as "userId", email, user_status as "userStatus", tenant_status as "tenantStatus",
            credential_id as "credentialId", secret_sealed as "secretSealed" from gatehouse.find_login($1)`,
    [emailKey],
  );
  return account;
}

/** Whom a password is not to be named after. */
export function loadPasswordHolder(tx: TenantTx, userId: UserId): Promise<PasswordHolder | undefined> {
  return tx
    .selectFrom('users as u')
    .innerJoin('tenants as t', 't.id', 'u.tenant_id')
    .select(['u.email', 'u.name', 't.name as tenantName'])
    .where('u.tenant_id', '=', tx.tenantId)
    .where('u.id', '=', userId)
    .executeTakeFirst();
}

/** The name of the entered tenant, for whoever has no account in it yet. */
export async function loadTenantName(tx: TenantTx): Promise<string> {
  const tenant = await tx
    .selectFrom('tenants')
    .select('name')
    .where('id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return tenant.name;
}

/** A user as it stands, held against every other change of it until the transaction ends. */
export interface LockedUser {
  email: string;
  email_key: string;
  email_verified_at: Date | null;
  status: string;
  tenant_status: string;
}

/**
 * Asks for mail to one address come one after the other, whoever it belongs to, and before the user's lock (docs/adr/0059).
 *
 * SECURITY: that lock is held until the transaction ends. Of an address that nobody has there is no row to wait for, and by the time that
 * the last of twenty at once takes anybody could tell (threat 51).
 */
export async function lockAddress(tx: TenantTx, key: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('asks for mail ' || ${key}::text, 0))`.execute(tx);
}

/**
 * Locks a user of the entered tenant. Whoever changes a user and something of the user's (a password, a link, a session) takes
 * the user first, so that no two wait for each other; a sign-in that opens a session waits as well.
 */
export function lockUser(tx: TenantTx, userId: UserId): Promise<LockedUser | undefined> {
  return tx
    .selectFrom('users as u')
    .innerJoin('tenants as t', 't.id', 'u.tenant_id')
    .select(['u.email', 'u.email_key', 'u.email_verified_at', 'u.status', 't.status as tenant_status'])
    .where('u.tenant_id', '=', tx.tenantId)
    .where('u.id', '=', userId)
    .forUpdate('u')
    .executeTakeFirst();
}

/**
 * Whether the entered tenant is active, and it stays so until the transaction ends. For whoever gives an address to one of its
 * users: deleting a tenant frees the addresses, and none may come after.
 *
 * SECURITY: what was read of the tenant together with a locked user is as old as the wait for the lock.
 */
export async function holdActiveTenant(tx: TenantTx): Promise<boolean> {
  const tenant = await tx
    .selectFrom('tenants')
    .select('status')
    .where('id', '=', tx.tenantId)
    .forShare()
    .executeTakeFirst();
  return tenant?.status === 'active';
}

/** Whether somebody may come in by this account at all. */
export const isOpenAccount = (user: LockedUser | undefined): user is LockedUser =>
  user?.status === 'active' && user.tenant_status === 'active';

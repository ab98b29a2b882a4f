import type { User } from '@gatehouse/contracts';
import { factorThrottleKey, listLocked, throttleKey } from '../auth/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import type { UserRow } from './users.repo.ts';

/**
 * Users as the API shows them. Locks belong to addresses and not to a tenant, so they are read through the other door, once
 * for the whole page, and after the tenant's transaction has given its connection back.
 */
export async function presentUsers(
  deps: Pick<Deps, 'doors' | 'blindIndex' | 'clock'>,
  rows: readonly UserRow[],
): Promise<User[]> {
  // SECURITY: of an address that nobody has proved here, its lock is the business of whoever has it elsewhere.
  const keys = rows.map(({ sign_in_key: key }) => (key === null ? undefined : throttleKey(deps, key)));
  const factorKeys = rows.map(({ id }) => factorThrottleKey(deps, id as UserId));
  const locked = await loadLocked(deps, [
    ...keys.filter((key) => key !== undefined),
    ...factorKeys.filter((_, index) => keys[index] !== undefined),
  ]);
  return rows.map((row, index) => ({
    id: row.id,
    tenantId: row.tenant_id,
    principalId: row.principal_id,
    email: row.email,
    emailVerified: row.email_verified_at !== null,
    name: row.name,
    status: row.status,
    locked: [keys[index], factorKeys[index]].some((key) => locked.has(key?.toString('base64') ?? '')),
    roles: row.roles,
    createdAt: row.created_at.toISOString(),
    lastLoginAt: row.last_login_at?.toISOString() ?? null,
  }));
}

/** Nobody is asked of a page of invited people only: none of them signs in with an address yet. */
async function loadLocked({ doors, clock }: Pick<Deps, 'doors' | 'clock'>, keys: readonly Buffer[]) {
  if (keys.length === 0) return new Set<string>();
  const found = await doors.asSystem('which addresses are locked', (tx) => listLocked(tx, keys, clock.now()));
  return new Set(found.map((key) => key.toString('base64')));
}

/** One of them. */
export async function presentUser(
  deps: Pick<Deps, 'doors' | 'blindIndex' | 'clock'>,
  row: UserRow,
): Promise<User> {
  const [user] = await presentUsers(deps, [row]);
  if (!user) throw new Error('one row gave no user');
  return user;
}

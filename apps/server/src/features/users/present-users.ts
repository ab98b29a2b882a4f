import type { User } from '@gatehouse/contracts';
import { factorThrottleKey, listLocked, throttleKey } from '../auth/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import type { UserRow } from './users.repo.ts';

/**
 * Users as the API shows them. Locks belong to addresses and factors and not to a tenant, so they are read through the other door,
 * once for the whole page, and after the tenant's transaction has given its connection back.
 */
export async function presentUsers(
  deps: Pick<Deps, 'doors' | 'blindIndex' | 'clock'>,
  rows: readonly UserRow[],
): Promise<User[]> {
  const keys = rows.map((row) => keysOf(deps, row));
  const locked = await loadLocked(deps, keys.flat());
  return rows.map((row, index) => ({
    id: row.id,
    tenantId: row.tenant_id,
    principalId: row.principal_id,
    email: row.email,
    emailVerified: row.email_verified_at !== null,
    name: row.name,
    status: row.status,
    locked: keys[index]?.some((key) => locked.has(key.toString('base64'))) ?? false,
    roles: row.roles,
    createdAt: row.created_at.toISOString(),
    lastLoginAt: row.last_login_at?.toISOString() ?? null,
  }));
}

/** SECURITY: of an address that nobody has proved here, its lock is the business of whoever has it elsewhere. */
const keysOf = (deps: Pick<Deps, 'blindIndex'>, { id, sign_in_key: address }: UserRow): Buffer[] => [
  ...(address === null ? [] : [throttleKey(deps, address)]),
  factorThrottleKey(deps, id as UserId),
];

async function loadLocked({ doors, clock }: Pick<Deps, 'doors' | 'clock'>, keys: readonly Buffer[]) {
  if (keys.length === 0) return new Set<string>();
  const found = await doors.asSystem('who is locked', (tx) => listLocked(tx, keys, clock.now()));
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

import { Problem } from '../../platform/http/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { loadUserRoom } from './user-limit.repo.ts';

/** What the trigger `refuse_members_beyond_limit` raises (db/migrations/0050_tenant_settings.sql). */
const BEYOND_LIMIT = 'GH001';

export const userLimitReached = () =>
  new Problem('tenants.user_limit_reached', {
    detail: 'Remove somebody, or ask the operator of the platform for more users.',
  });

/**
 * How many more users may be promised a place in the entered tenant, beside those who have one and `pending` who were promised
 * one; null where nobody said how many.
 */
export async function loadUserRoomBeside(tx: TenantTx, pending: number): Promise<number | null> {
  const room = await loadUserRoom(tx);
  return room === null ? null : Math.max(0, room - pending);
}

/**
 * Whether another user may be promised a place in the entered tenant, beside those who have one and `pending` who were promised
 * one. For invitations: what is promised is no member yet. Whoever becomes a member is counted by the database itself, however
 * many become one at once.
 *
 * @throws {Problem} `tenants.user_limit_reached`
 */
export async function checkUserLimit(tx: TenantTx, pending = 0): Promise<void> {
  const room = await loadUserRoom(tx);
  if (room !== null && pending >= room) throw userLimitReached();
}

/** Runs a statement that makes a member. @throws {Problem} `tenants.user_limit_reached` where the database has no place left. */
export async function withinUserLimit<T>(insert: Promise<T>): Promise<T> {
  try {
    return await insert;
  } catch (error) {
    if ((error as { code?: string }).code === BEYOND_LIMIT) throw userLimitReached();
    throw error;
  }
}

import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey } from '../../platform/email.ts';
import { newId, type PrincipalId, type UserId } from '../../platform/ids.ts';
import { withinUserLimit } from './user-limit.ts';

export interface NewUser {
  /** Where it was settled before: a passkey knows its account by it. */
  id?: UserId;
  email: string;
  name: string;
  status: 'invited' | 'active';
  /** An active user whose address was typed and not yet proved by a mailed link. */
  unproven?: true;
  /** Comes in by a connection of the tenant's own, and not by the address: that may enter another account elsewhere. */
  entersByConnection?: true;
  /** Of an invitation that is being accepted: it stands already, and may hold roles. */
  principalId?: PrincipalId;
  now: Date;
}

/**
 * A user with its principal and its membership in the home tenant, in one go. An active one signs in with the address from now on;
 * an invited one does when a mailed link has proved it. Undefined when the tenant has a user of this address, or when an active
 * one's enters an account elsewhere: the database decides.
 *
 * SECURITY: an address that somebody typed holds nothing over all tenants, or a stranger's tenant could keep its owner out of
 * every other, and be told which addresses are in use (threat 23).
 *
 * @throws {Problem} `tenants.user_limit_reached`
 */
export async function insertUser(
  tx: TenantTx,
  user: NewUser,
): Promise<{ id: UserId; principalId: PrincipalId } | undefined> {
  const id = user.id ?? newId<'user'>();
  const principalId = user.principalId ?? newId<'principal'>();
  const key = emailKey(user.email);
  const common = { tenant_id: tx.tenantId, created_at: user.now };
  const inserted = await tx
    .insertInto('users')
    .values({
      ...common,
      id,
      email: user.email,
      email_key: key,
      name: user.name,
      status: user.status,
      email_verified_at: user.status === 'active' && user.unproven === undefined ? user.now : null,
      updated_at: user.now,
    })
    .onConflict((oc) => oc.columns(['tenant_id', 'email_key']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) return undefined;
  const byAddress = user.status === 'active' && user.entersByConnection === undefined;
  if (byAddress && !(await takeAddress(tx, id, key))) return undefined;
  if (user.principalId === undefined)
    await tx
      .insertInto('principals')
      .values({ ...common, id: principalId, kind: 'member' })
      .execute();
  await withinUserLimit(
    tx
      .insertInto('memberships')
      .values({ ...common, id: principalId, user_tenant_id: tx.tenantId, user_id: id })
      .execute(),
  );
  return { id, principalId };
}

/**
 * From now on the address enters this user's account. False when it enters somebody else's: it is unique over all tenants, and of
 * two who ask at once the database lets one have it.
 */
export async function takeAddress(tx: TenantTx, userId: UserId, key: string): Promise<boolean> {
  const taken = await tx
    .insertInto('login_identifiers')
    .values({ email_key: key, tenant_id: tx.tenantId, user_id: userId })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  if (taken.numInsertedOrUpdatedRows === 1n) return true;
  const own = await tx
    .selectFrom('login_identifiers')
    .select('user_id')
    .where('tenant_id', '=', tx.tenantId)
    .where('email_key', '=', key)
    .executeTakeFirst();
  return own?.user_id === userId;
}

/** Who has this address in the entered tenant, invited people too. */
export async function loadUserByAddress(tx: TenantTx, key: string): Promise<UserId | undefined> {
  const row = await tx
    .selectFrom('users')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('email_key', '=', key)
    .executeTakeFirst();
  return row?.id as UserId | undefined;
}

/** Which of these addresses users of the entered tenant have, invited people too. */
export async function listAddressesTaken(tx: TenantTx, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await tx
    .selectFrom('users')
    .select('email_key')
    .where('tenant_id', '=', tx.tenantId)
    .where('email_key', 'in', [...keys])
    .execute();
  return new Set(rows.map(({ email_key: key }) => key));
}

/** The principal of a user's membership at home: what its roles are assigned to. */
export async function loadHomePrincipal(tx: TenantTx, userId: UserId): Promise<PrincipalId> {
  const row = await tx
    .selectFrom('memberships')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('user_tenant_id', '=', tx.tenantId)
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return row.id as PrincipalId;
}

import type { TenantTx } from '../../platform/database/index.ts';
import { emailKey } from '../../platform/email.ts';
import { newId, type PrincipalId, type UserId } from '../../platform/ids.ts';

export interface NewUser {
  email: string;
  name: string;
  status: 'invited' | 'active';
  /** An active user whose address was typed and not yet proved by a mailed link. */
  unproven?: true;
  now: Date;
}

/**
 * A user with its address, its principal and its membership in the home tenant, in one go. Undefined when the address
 * enters an account already: it is unique over all tenants, and the database decides.
 */
export async function insertUser(
  tx: TenantTx,
  user: NewUser,
): Promise<{ id: UserId; principalId: PrincipalId } | undefined> {
  const id = newId<'user'>();
  const principalId = newId<'principal'>();
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
  const identifier = await tx
    .insertInto('login_identifiers')
    .values({ email_key: key, tenant_id: tx.tenantId, user_id: id })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  if (identifier.numInsertedOrUpdatedRows !== 1n) return undefined;
  await tx
    .insertInto('principals')
    .values({ ...common, id: principalId, kind: 'member' })
    .execute();
  await tx
    .insertInto('memberships')
    .values({ ...common, id: principalId, user_tenant_id: tx.tenantId, user_id: id })
    .execute();
  return { id, principalId };
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

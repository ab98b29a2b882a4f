import type { TenantTx } from '../../platform/database/index.ts';
import { newId, type PrincipalId } from '../../platform/ids.ts';
import { withinUserLimit } from '../people/index.ts';
import { roleNamesOfMember } from '../roles/index.ts';

// `m`, as where roles are read of members: the principal of an invitation has its id, and holds what it will give.
const invitations = (tx: TenantTx, now: Date) =>
  tx
    .selectFrom('invitations as m')
    .select([
      'm.id',
      'm.tenant_id',
      'm.email',
      'm.email_key',
      'm.invited_by',
      'm.invited_by_tenant',
      'm.created_at',
      'm.sent_at',
      'm.expires_at',
      roleNamesOfMember(now).as('roles'),
    ])
    .where('m.tenant_id', '=', tx.tenantId);
export type InvitationRow = Awaited<ReturnType<typeof listInvitations>>[number];

export interface InvitationFilter {
  status: 'open' | 'expired' | undefined;
  after: { createdAt: Date; id: string } | undefined;
  limit: number;
}

/** Newest first. */
export function listInvitations(tx: TenantTx, { status, after, limit }: InvitationFilter, now: Date) {
  let query = invitations(tx, now);
  if (status !== undefined) query = query.where('m.expires_at', status === 'open' ? '>' : '<=', now);
  if (after !== undefined)
    query = query.where((eb) =>
      eb(eb.refTuple('m.created_at', 'm.id'), '<', eb.tuple(after.createdAt, after.id)),
    );
  return query.orderBy('m.created_at', 'desc').orderBy('m.id', 'desc').limit(limit).execute();
}

export const loadInvitation = (tx: TenantTx, id: string, now: Date) =>
  invitations(tx, now).where('m.id', '=', id).executeTakeFirst();

/**
 * The same, held until the transaction ends. Whoever changes an invitation and its link takes the invitation first, so that no
 * two wait for each other.
 */
export const loadInvitationForUpdate = (tx: TenantTx, id: string, now: Date) =>
  invitations(tx, now).where('m.id', '=', id).forUpdate('m').executeTakeFirst();

/** What an address was sent before and did not take in time, held until the transaction ends. */
export const loadExpiredForUpdate = (tx: TenantTx, emailKey: string, now: Date) =>
  invitations(tx, now)
    .where('m.email_key', '=', emailKey)
    .where('m.expires_at', '<=', now)
    .forUpdate('m')
    .executeTakeFirst();

export interface NewInvitation {
  email: string;
  emailKey: string;
  invitedBy: { userId: string; tenantId: string };
  now: Date;
  expiresAt: Date;
}

/** An invitation and the principal in waiting. Undefined where the address has one. */
export async function insertInvitation(
  tx: TenantTx,
  invitation: NewInvitation,
): Promise<PrincipalId | undefined> {
  const { email, emailKey, invitedBy, now, expiresAt } = invitation;
  const id = newId<'principal'>();
  const common = { tenant_id: tx.tenantId, id, created_at: now };
  await tx
    .insertInto('principals')
    .values({ ...common, kind: 'member', status: 'suspended' })
    .execute();
  const inserted = await tx
    .insertInto('invitations')
    .values({
      ...common,
      email,
      email_key: emailKey,
      invited_by: invitedBy.userId,
      invited_by_tenant: invitedBy.tenantId,
      sent_at: now,
      expires_at: expiresAt,
    })
    .onConflict((oc) => oc.columns(['tenant_id', 'email_key']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n ? id : undefined;
}

/** How many were promised a place and have not taken it. */
export async function countOpenInvitations(tx: TenantTx, now: Date): Promise<number> {
  const { count } = await tx
    .selectFrom('invitations')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('tenant_id', '=', tx.tenantId)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function markSent(tx: TenantTx, id: string, sentAt: Date, expiresAt: Date): Promise<void> {
  await tx
    .updateTable('invitations')
    .set({ sent_at: sentAt, expires_at: expiresAt })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/** Takes the invitation away; its principal and the roles go with it, unless somebody has accepted. */
export async function deleteInvitation(tx: TenantTx, id: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('invitations')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** From now on the principal counts, and what it holds. */
export async function activatePrincipal(tx: TenantTx, id: string): Promise<void> {
  await tx
    .updateTable('principals')
    .set({ status: 'active' })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/**
 * Binds the principal in waiting to a guest, or says why it cannot be.
 *
 * @throws {Problem} `tenants.user_limit_reached`
 */
export async function bindGuest(
  tx: TenantTx,
  id: string,
  guest: { tenantId: string; userId: string },
  now: Date,
): Promise<'bound' | 'exists' | 'unknown_user'> {
  try {
    const inserted = await withinUserLimit(
      tx
        .insertInto('memberships')
        .values({
          tenant_id: tx.tenantId,
          id,
          user_tenant_id: guest.tenantId,
          user_id: guest.userId,
          created_at: now,
        })
        .onConflict((oc) => oc.columns(['tenant_id', 'user_tenant_id', 'user_id']).doNothing())
        .executeTakeFirst(),
    );
    return inserted.numInsertedOrUpdatedRows === 1n ? 'bound' : 'exists';
  } catch (error) {
    // foreign_key_violation: the user was deleted at home meanwhile.
    if ((error as { code?: string }).code === '23503') return 'unknown_user';
    throw error;
  }
}

/** How the entered tenant calls itself. */
export async function loadTenantName(tx: TenantTx): Promise<string> {
  const { name } = await tx
    .selectFrom('tenants')
    .select('name')
    .where('id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return name;
}

import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { newId, type PrincipalId, type TenantId } from '../../platform/ids.ts';
import { insertRevocations, userOfPrincipal } from '../../platform/revocations/revocations.repo.ts';
import { lockPerson, withinUserLimit } from '../people/index.ts';
import { roleNamesOfMember } from '../roles/index.ts';

// A membership has no status of its own: its principal's is the one that sessions and grants go by.
const memberships = (tx: TenantTx, now: Date) =>
  tx
    .selectFrom('memberships as m')
    .innerJoin('principals as p', (join) =>
      join.onRef('p.tenant_id', '=', 'm.tenant_id').onRef('p.id', '=', 'm.id'),
    )
    .select([
      'm.id',
      'm.id as principal_id',
      'm.tenant_id',
      'm.user_tenant_id',
      'm.user_id',
      'm.created_at',
      'p.status',
      roleNamesOfMember(now).as('roles'),
    ])
    .where('m.tenant_id', '=', tx.tenantId);
export type MembershipRow = Awaited<ReturnType<typeof listMemberships>>[number];

export const loadMembership = (tx: TenantTx, id: string, now: Date) =>
  memberships(tx, now).where('m.id', '=', id).executeTakeFirst();

/**
 * The same, held against other changes until the transaction ends. The person comes before the membership's row, and the principal
 * after it: deleting a guest at home takes them in this order, too (docs/adr/0059).
 */
export async function loadMembershipForUpdate(tx: TenantTx, id: string, now: Date) {
  const member = await tx
    .selectFrom('memberships')
    .select('user_id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (member === undefined) return undefined;
  await lockPerson(tx, member.user_id);
  return memberships(tx, now).where('m.id', '=', id).forUpdate('m').executeTakeFirst();
}

/** A guest's membership, held likewise. */
export async function loadGuestForUpdate(
  tx: TenantTx,
  guest: { tenantId: TenantId; userId: string },
  now: Date,
) {
  await lockPerson(tx, guest.userId);
  return memberships(tx, now)
    .where('m.user_tenant_id', '=', guest.tenantId)
    .where('m.user_id', '=', guest.userId)
    .forUpdate('m')
    .executeTakeFirst();
}

export interface MembershipFilter {
  status: string | undefined;
  home: boolean | undefined;
  descending: boolean;
  after: { createdAt: Date; id: string } | undefined;
  limit: number;
}

export function listMemberships(tx: TenantTx, filter: MembershipFilter, now: Date) {
  const { status, home, descending, after } = filter;
  let query = memberships(tx, now);
  if (status !== undefined) query = query.where('p.status', '=', status);
  if (home !== undefined) query = query.where('m.user_tenant_id', home ? '=' : '!=', tx.tenantId);
  if (after !== undefined) {
    query = query.where((eb) =>
      eb(eb.refTuple('m.created_at', 'm.id'), descending ? '<' : '>', eb.tuple(after.createdAt, after.id)),
    );
  }
  const order = descending ? 'desc' : 'asc';
  return query.orderBy('m.created_at', order).orderBy('m.id', order).limit(filter.limit).execute();
}

/** A guest from another tenant, with a principal that holds nothing. */
export async function insertMembership(
  tx: TenantTx,
  guest: { userTenantId: TenantId; userId: string; now: Date },
): Promise<PrincipalId | 'exists' | 'unknown_user'> {
  const id = newId<'principal'>();
  const common = { tenant_id: tx.tenantId, id, created_at: guest.now };
  await tx
    .insertInto('principals')
    .values({ ...common, kind: 'member' })
    .execute();
  try {
    const inserted = await withinUserLimit(
      tx
        .insertInto('memberships')
        .values({ ...common, user_tenant_id: guest.userTenantId, user_id: guest.userId })
        .onConflict((oc) => oc.columns(['tenant_id', 'user_tenant_id', 'user_id']).doNothing())
        .executeTakeFirst(),
    );
    return inserted.numInsertedOrUpdatedRows === 1n ? id : 'exists';
  } catch (error) {
    // foreign_key_violation: that tenant has no such user.
    if ((error as { code?: string }).code === '23503') return 'unknown_user';
    throw error;
  }
}

/** The principal's epoch moves on with its status, and the followers are told. */
export async function setPrincipalStatus(
  tx: TenantTx,
  id: string,
  status: 'active' | 'suspended',
  now: Date,
): Promise<void> {
  const rows = await tx
    .updateTable('principals')
    .set({ status, epoch: sql`epoch + 1` })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returning(['id', 'epoch', userOfPrincipal])
    .execute();
  await insertRevocations(tx, 'principal', rows, now);
}

/** Membership and roles go with the principal (on delete cascade). */
export async function deletePrincipal(tx: TenantTx, id: string, now: Date): Promise<void> {
  const rows = await tx
    .deleteFrom('principals')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returning(['id', sql<number>`epoch + 1`.as('epoch'), userOfPrincipal])
    .execute();
  await insertRevocations(tx, 'principal', rows, now);
}

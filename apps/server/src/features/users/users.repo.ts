import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';
import { lockPerson } from '../people/index.ts';
import { roleNamesOfMember } from '../roles/index.ts';

// The key of the address if the user signs in with it: null until a mailed link has proved it.
const signInKey = sql<string | null>`(select i.email_key from gatehouse.login_identifiers i
  where i.email_key = u.email_key and i.tenant_id = u.tenant_id and i.user_id = u.id)`;

// The home membership is inner-joined: insertUser makes both or none. By a limit, which is not joined in another order: a plan that
// is made for tenants of all sizes would take one with all memberships of the tenant first, for each page.
const users = (tx: TenantTx, now: Date) =>
  tx
    .selectFrom('users as u')
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('memberships as h')
          .select(['h.tenant_id', 'h.id'])
          .whereRef('h.tenant_id', '=', 'u.tenant_id')
          .whereRef('h.user_tenant_id', '=', 'u.tenant_id')
          .whereRef('h.user_id', '=', 'u.id')
          .limit(1)
          .as('m'),
      (join) => join.onTrue(),
    )
    .select([
      'u.id',
      'u.id as user_id',
      'u.tenant_id',
      'm.id as principal_id',
      'u.email',
      'u.email_key',
      signInKey.as('sign_in_key'),
      'u.email_verified_at',
      'u.name',
      'u.status',
      'u.created_at',
      'u.last_login_at',
      'u.name_key',
      roleNamesOfMember(now).as('roles'),
    ])
    .where('u.tenant_id', '=', tx.tenantId);
export type UserRow = Awaited<ReturnType<typeof listUsers>>[number];

export const loadUser = (tx: TenantTx, id: string, now: Date) =>
  users(tx, now).where('u.id', '=', id).executeTakeFirst();

/** The same, held against other changes until the transaction ends; a sign-in that opens a session waits for it as well. */
export async function loadUserForUpdate(tx: TenantTx, id: string, now: Date): Promise<UserRow | undefined> {
  await lockPerson(tx, id);
  return users(tx, now).where('u.id', '=', id).forUpdate('u').executeTakeFirst();
}

export type UserSort = 'name' | 'email' | 'createdAt';
const SORT = {
  // People look for Zoë behind adam, whatever the case.
  name: { column: sql`u.name_key`, type: sql`text` },
  email: { column: sql`u.email_key`, type: sql`text` },
  createdAt: { column: sql`u.created_at`, type: sql`timestamptz` },
} as const;

export interface UserFilter {
  status: string | undefined;
  /** Parts of a name, and of an address in the form of its key. */
  search: { name: string; emailKey: string } | undefined;
  sort: UserSort;
  descending: boolean;
  after: { value: string; id: string } | undefined;
  limit: number;
}

export function listUsers(tx: TenantTx, filter: UserFilter, now: Date) {
  const { sort, descending, after, search } = filter;
  const { column, type } = SORT[sort];
  let query = users(tx, now);
  if (filter.status !== undefined) query = query.where('u.status', '=', filter.status);
  // strpos and not LIKE: what is searched for has no wildcards to escape.
  if (search !== undefined)
    query = query.where(
      sql<boolean>`(strpos(u.name_key, lower(${search.name})) > 0 or strpos(u.email_key, ${search.emailKey}) > 0)`,
    );
  if (after !== undefined) {
    const beyond = descending ? sql`<` : sql`>`;
    query = query.where(
      sql<boolean>`(${column}, u.id) ${beyond} (${after.value}::${type}, ${after.id}::uuid)`,
    );
  }
  const order = descending ? 'desc' : 'asc';
  return query.orderBy(column, order).orderBy('u.id', order).limit(filter.limit).execute();
}

export async function renameUser(tx: TenantTx, id: UserId, name: string, now: Date): Promise<void> {
  await tx
    .updateTable('users')
    .set({ name, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/** The user's epoch moves on with its status, and the followers are told: what they hold of the user is worth nothing more. */
export async function suspendUserRow(tx: TenantTx, id: UserId, now: Date): Promise<void> {
  const rows = await tx
    .updateTable('users')
    .set({ status: 'suspended', epoch: sql`epoch + 1`, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returning(['id', 'epoch'])
    .execute();
  await insertRevocations(tx, 'user', rows, now);
}

/** A user who never proved the address and never had a password is invited again, and not active. */
export async function activateUserRow(tx: TenantTx, id: UserId, now: Date): Promise<string | undefined> {
  const row = await tx
    .updateTable('users')
    .set((eb) => ({
      status: eb
        .case()
        .when(
          sql<boolean>`email_verified_at is null and not exists (select from gatehouse.credentials c where c.tenant_id = users.tenant_id and c.user_id = users.id and c.kind = 'password')`,
        )
        .then('invited')
        .else('active')
        .end(),
      updated_at: now,
    }))
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returning('status')
    .executeTakeFirst();
  return row?.status;
}

/**
 * Removes a user with all that is theirs: the rows of the tables that refer to it go with it, and so do its principals, here
 * and in other tenants (db/migrations/0002_functions.sql, `drop_member_principal`).
 */
export async function deleteUserRow(tx: TenantTx, id: UserId, now: Date): Promise<void> {
  const rows = await tx
    .deleteFrom('users')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returning(['id', sql<number>`epoch + 1`.as('epoch')])
    .execute();
  await insertRevocations(tx, 'user', rows, now);
}

/** How the entered tenant calls itself, for the mail that tells somebody who added them. */
export async function loadTenantName(tx: TenantTx): Promise<string> {
  const { name } = await tx
    .selectFrom('tenants')
    .select('name')
    .where('id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return name;
}

import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';

export interface NewTenant {
  name: string;
  type: 'customer' | 'partner';
  slug: string | null;
  now: Date;
}

/** A tenant below the entered one. Undefined when the slug is taken. */
export async function insertTenant(tx: TenantTx, tenant: NewTenant): Promise<TenantRow | undefined> {
  return await tx
    .insertInto('tenants')
    .values({
      id: newId<'tenant'>(),
      parent_id: tx.tenantId,
      type: tenant.type,
      name: tenant.name,
      slug: tenant.slug,
      created_at: tenant.now,
      updated_at: tenant.now,
    })
    .onConflict((oc) => oc.column('slug').doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** The entered tenant itself. */
export const loadEntered = (tx: TenantTx) =>
  tx.selectFrom('tenants').selectAll().where('id', '=', tx.tenantId).executeTakeFirstOrThrow();
export type TenantRow = Awaited<ReturnType<typeof loadEntered>>;

/**
 * The same, held until the transaction ends, so that what was checked is what is changed.
 *
 * SECURITY: for update, and nothing weaker: a session that is being opened holds the row by its foreign key, so that it either ends
 * with the suspension or waits for it and finds the tenant suspended.
 *
 * @throws {Problem} `resource.not_found` when it was deleted since it was entered.
 */
export async function lockEntered(tx: TenantTx): Promise<TenantRow> {
  const row = await tx
    .selectFrom('tenants')
    .selectAll()
    .where('id', '=', tx.tenantId)
    .where('status', '!=', 'deleted')
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw new Problem('resource.not_found', { detail: 'There is no such tenant for you.' });
  return row;
}

export interface TenantFilter {
  /** The entered tenant alone; else all that row security shows. */
  ownOnly: boolean;
  status: string | undefined;
  type: string | undefined;
  search: string | undefined;
  sort: 'name' | 'createdAt';
  descending: boolean;
  after: { value: string; id: string } | undefined;
  limit: number;
}

/** What row security shows: the entered tenant and those below it; all of them in the root tenant. */
export function listTenants(tx: TenantTx, filter: TenantFilter) {
  const { sort, descending, after } = filter;
  const key = sort === 'name' ? sql<string>`name_key` : sql<string>`created_at`;
  let query = tx.selectFrom('tenants').selectAll();
  query =
    filter.status === undefined
      ? query.where('status', '!=', 'deleted')
      : query.where('status', '=', filter.status);
  if (filter.ownOnly) query = query.where('id', '=', tx.tenantId);
  if (filter.type !== undefined) query = query.where('type', '=', filter.type);
  if (filter.search !== undefined)
    query = query.where(sql<boolean>`strpos(name_key, lower(${filter.search})) > 0`);
  if (after !== undefined) {
    const value = sort === 'name' ? sql`${after.value}` : sql`${after.value}::timestamptz`;
    query = query.where(
      descending
        ? sql<boolean>`(${key}, id) < (${value}, ${after.id}::uuid)`
        : sql<boolean>`(${key}, id) > (${value}, ${after.id}::uuid)`,
    );
  }
  const order = descending ? 'desc' : 'asc';
  return query.orderBy(key, order).orderBy('id', order).limit(filter.limit).execute();
}

/** @throws {Problem} `tenants.slug_in_use` */
export async function updateEntered(
  tx: TenantTx,
  change: { name?: string; slug?: string | null },
  now: Date,
): Promise<TenantRow> {
  try {
    return await tx
      .updateTable('tenants')
      .set({ ...change, updated_at: now })
      .where('id', '=', tx.tenantId)
      .returningAll()
      .executeTakeFirstOrThrow();
  } catch (error) {
    // unique_violation: the index sees the slugs of all tenants, which this transaction does not.
    if ((error as { code?: string }).code === '23505') throw slugInUse();
    throw error;
  }
}

export const slugInUse = () =>
  new Problem('tenants.slug_in_use', { detail: 'Choose another slug, or none: it can be set later.' });

/** Moves the entered tenant to a state. Its epoch moves on, so that followers drop what they hold of it. */
export async function setStatus(
  tx: TenantTx,
  status: 'active' | 'suspended' | 'deleted',
  now: Date,
): Promise<TenantRow> {
  const row = await tx
    .updateTable('tenants')
    .set({ status, epoch: sql`epoch + 1`, updated_at: now })
    .where('id', '=', tx.tenantId)
    .returningAll()
    .executeTakeFirstOrThrow();
  await insertRevocations(tx, 'tenant', [row], now);
  return row;
}

/** Whether tenants that are not deleted lie below the entered one. */
export async function hasCustomers(tx: TenantTx): Promise<boolean> {
  const row = await tx
    .selectFrom('tenants')
    .select('id')
    .where('parent_id', '=', tx.tenantId)
    .where('status', '!=', 'deleted')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The addresses of the entered tenant's users sign in to nothing any more, and may be used for other accounts. */
export async function freeAddresses(tx: TenantTx): Promise<number> {
  const result = await tx
    .deleteFrom('login_identifiers')
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

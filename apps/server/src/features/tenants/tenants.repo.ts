import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { newId, type TenantId } from '../../platform/ids.ts';
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

export const loadTenant = (tx: TenantTx, id: string) =>
  tx.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst();
export type TenantRow = NonNullable<Awaited<ReturnType<typeof loadTenant>>>;

export interface TenantFilter {
  status: string | undefined;
  type: string | undefined;
  search: string | undefined;
  sort: 'name' | 'created_at';
  descending: boolean;
  after: { value: string | Date; id: string } | undefined;
  limit: number;
}

/** What row security shows: the entered tenant and those below it; all of them in the root tenant. */
export function listTenants(tx: TenantTx, filter: TenantFilter) {
  const { sort, descending, after } = filter;
  let query = tx.selectFrom('tenants').selectAll();
  query =
    filter.status === undefined
      ? query.where('status', '!=', 'deleted')
      : query.where('status', '=', filter.status);
  if (filter.type !== undefined) query = query.where('type', '=', filter.type);
  if (filter.search !== undefined)
    query = query.where(sql<boolean>`strpos(lower(name), lower(${filter.search})) > 0`);
  if (after !== undefined) {
    query = query.where((eb) =>
      eb(eb.refTuple(sort, 'id'), descending ? '<' : '>', eb.tuple(after.value as never, after.id)),
    );
  }
  const order = descending ? 'desc' : 'asc';
  return query.orderBy(sort, order).orderBy('id', order).limit(filter.limit).execute();
}

/** @throws {Problem} `tenants.slug_in_use` */
export async function updateTenant(
  tx: TenantTx,
  id: string,
  change: { name?: string; slug?: string | null },
  now: Date,
): Promise<TenantRow | undefined> {
  try {
    return await tx
      .updateTable('tenants')
      .set({ ...change, updated_at: now })
      .where('id', '=', id)
      .where('status', '!=', 'deleted')
      .returningAll()
      .executeTakeFirst();
  } catch (error) {
    // unique_violation: the index sees the slugs of all tenants, which this transaction does not.
    if ((error as { code?: string }).code === '23505') throw new Problem('tenants.slug_in_use');
    throw error;
  }
}

/** Moves a tenant between states; undefined when it is not in one of `from`. Its epoch moves on, so that followers drop what they hold. */
export async function setTenantStatus(
  tx: TenantTx,
  id: string,
  from: string[],
  to: string,
  now: Date,
): Promise<TenantRow | undefined> {
  const row = await tx
    .updateTable('tenants')
    .set({ status: to, epoch: sql`epoch + 1`, updated_at: now })
    .where('id', '=', id)
    .where('status', 'in', from)
    .where('parent_id', 'is not', null)
    .returningAll()
    .executeTakeFirst();
  if (row) await insertRevocations(tx, 'tenant', [row], now);
  return row;
}

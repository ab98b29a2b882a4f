import type { Tenant, PageQuery } from '@gatehouse/contracts';
import { page } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { tenantOf } from './tenant-message.ts';
import { listTenants } from './tenants.repo.ts';

export interface ListTenantsQuery extends PageQuery {
  status?: string;
  type?: string;
  search?: string;
  sort?: string;
}

/**
 * One page of the tenants that the caller may open: its own and those below; all of them with `tenants:read` in the root
 * tenant, and without it none but that, since the root tenant brought nobody (`enterTenant`).
 */
export function listTenantsPage(
  deps: Deps,
  { principal, entered }: Caller,
  query: ListTenantsQuery,
): Promise<{ items: Tenant[]; nextCursor: string | null }> {
  const { status, type, search } = query;
  const order = query.sort ?? 'name';
  const descending = order.startsWith('-');
  const sort = order.endsWith('createdAt') ? 'createdAt' : 'name';
  const ownOnly = entered.tenantId === ROOT_TENANT && !principal.permissions.has('tenants:read');
  return deps.doors.withTenant(entered, (tx) =>
    page({
      cursors: deps.cursors,
      list: ['tenants', entered.tenantId, String(ownOnly), order, status ?? '', type ?? '', search ?? ''],
      query,
      load: (position, limit) =>
        listTenants(tx, {
          ownOnly,
          status,
          type,
          search,
          sort,
          descending,
          after: position && { value: String(position[0]), id: String(position[1]) },
          limit,
        }),
      position: (row) => [sort === 'name' ? row.name_key : row.created_at.toISOString(), row.id],
      item: (row): Tenant => tenantOf(row),
    }),
  );
}

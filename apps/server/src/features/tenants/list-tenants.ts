import type { Tenant, PageQuery } from '@gatehouse/contracts';
import { page } from '../../platform/http/index.ts';
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

/** One page of the tenants that the caller may know of: its own and those below; all of them with `tenants:read` in the root tenant. */
export function listTenantsPage(
  deps: Deps,
  { principal, entered }: Caller,
  query: ListTenantsQuery,
): Promise<{ items: Tenant[]; nextCursor: string | null }> {
  const { status, type, search } = query;
  const order = query.sort ?? 'name';
  const descending = order.startsWith('-');
  const sort = order.endsWith('createdAt') ? 'createdAt' : 'name';
  // Without `tenants:read`, an administrator of the root tenant sees its customers and not those of its partners.
  const directlyBelow = !principal.permissions.has('tenants:read');
  return deps.doors.withTenant(entered, (tx) =>
    page({
      cursors: deps.cursors,
      list: [
        'tenants',
        entered.tenantId,
        String(directlyBelow),
        order,
        status ?? '',
        type ?? '',
        search ?? '',
      ],
      query,
      load: (position, limit) =>
        listTenants(tx, {
          directlyBelow,
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

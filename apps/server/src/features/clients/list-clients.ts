import type { Client, PageQuery } from '@gatehouse/contracts';
import type { EnteredTenant } from '../../platform/access/index.ts';
import { page } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { clientOf } from './client-message.ts';
import { listClients } from './clients.repo.ts';

export interface ListClientsQuery extends PageQuery {
  status?: string;
  kind?: string;
  sort?: string;
}

/** One page of the entered tenant's clients, by name unless asked otherwise. */
export function listClientsPage(
  deps: Deps,
  entered: EnteredTenant,
  query: ListClientsQuery,
): Promise<{ items: Client[]; nextCursor: string | null }> {
  const { status, kind } = query;
  const order = query.sort ?? 'name';
  const descending = order.startsWith('-');
  const sort = order.endsWith('createdAt') ? 'createdAt' : 'name';
  return deps.doors.withTenant(entered, (tx) =>
    page({
      cursors: deps.cursors,
      list: ['clients', entered.tenantId, order, status ?? '', kind ?? ''],
      query,
      load: (position, limit) =>
        listClients(tx, {
          status,
          kind,
          sort,
          descending,
          after: position && { value: String(position[0]), id: String(position[1]) },
          limit,
        }),
      position: (row) => [sort === 'name' ? row.name_key : row.created_at.toISOString(), row.id],
      item: (row): Client => clientOf(row),
    }),
  );
}

import type { User, PageQuery } from '@gatehouse/contracts';
import type { EnteredTenant } from '../../platform/access/index.ts';
import { emailKey } from '../../platform/email.ts';
import { page } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { presentUsers } from './present-users.ts';
import { listUsers, type UserRow, type UserSort } from './users.repo.ts';

export interface ListUsersQuery extends PageQuery {
  search?: string;
  status?: string;
  sort?: string;
}

/** One page of the entered tenant's users, by name unless asked otherwise. */
export async function listUsersPage(
  deps: Deps,
  entered: EnteredTenant,
  query: ListUsersQuery,
): Promise<{ items: User[]; nextCursor: string | null }> {
  const { search, status } = query;
  const order = query.sort ?? 'name';
  const descending = order.startsWith('-');
  const sort = order.slice(descending ? 1 : 0) as UserSort;
  const { items, nextCursor } = await deps.doors.withTenant(entered, (tx) =>
    page({
      cursors: deps.cursors,
      list: ['users', entered.tenantId, order, status ?? '', search ?? ''],
      query,
      load: (position, limit) =>
        listUsers(
          tx,
          {
            status,
            search: search === undefined ? undefined : searchFor(search),
            sort,
            descending,
            after: position && { value: String(position[0]), id: String(position[1]) },
            limit,
          },
          deps.clock.now(),
        ),
      position: (row) => [positionOf(row, sort), row.id],
      item: (row) => row,
    }),
  );
  return { items: await presentUsers(deps, items), nextCursor };
}

function positionOf(row: UserRow, sort: UserSort): string {
  if (sort === 'createdAt') return row.created_at.toISOString();
  return sort === 'email' ? row.email_key : row.name_key;
}

/** A whole address is found in whatever form it is typed; a part of one as it stands. */
function searchFor(search: string): { name: string; emailKey: string } {
  const text = search.trim().normalize('NFC');
  return { name: text, emailKey: /@.*\./.test(text) ? emailKey(text) : text.toLowerCase() };
}

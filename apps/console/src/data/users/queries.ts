import type { User } from '@gatehouse/contracts';
import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const userKeys = {
  all: ['users'] as const,
  list: (filter: UserFilter) => ['users', 'list', filter] as const,
};

export interface UserFilter {
  readonly search?: string | undefined;
  readonly status?: 'active' | 'invited' | 'suspended' | undefined;
  readonly sort?: string | undefined;
}

export const usersQuery = (filter: UserFilter) =>
  infiniteQueryOptions({
    queryKey: userKeys.list(filter),
    queryFn: ({ pageParam }) =>
      call<Page<User>>('GET', '/api/v1/users', { query: { ...filter, limit: 50, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });

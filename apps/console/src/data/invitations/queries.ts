import type { Invitation } from '@gatehouse/contracts';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const invitationKeys = { all: ['invitations'] as const };

export const invitationsQuery = () =>
  infiniteQueryOptions({
    queryKey: invitationKeys.all,
    queryFn: ({ pageParam }) =>
      call<Page<Invitation>>('GET', '/api/v1/invitations', { query: { limit: 50, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });

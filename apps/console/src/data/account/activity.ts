import type { Activity } from '@gatehouse/contracts';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { auditKeys } from '../audit/queries.ts';
import { call, type Page } from '../api.ts';

/** What happened to one's account. It is read out of the audit trail, and read again with it. */
export const activityQuery = infiniteQueryOptions({
  queryKey: [...auditKeys.all, 'own'],
  queryFn: ({ pageParam }) =>
    call<Page<Activity>>('GET', '/api/v1/account/activity', { query: { limit: 10, cursor: pageParam } }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.nextCursor,
});

import type { Session } from '@gatehouse/contracts';
import { queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const sessionKeys = {
  all: ['sessions'] as const,
  of: (userId?: string) => ['sessions', userId ?? 'own'] as const,
};

/** One's own sessions, or those of a user for who may see them. */
export const sessionsQuery = (userId?: string) =>
  queryOptions({
    queryKey: sessionKeys.of(userId),
    queryFn: () =>
      call<Page<Session>>('GET', userId ? `/api/v1/users/${userId}/sessions` : '/api/v1/sessions', {
        query: { limit: 100 },
      }),
  });

import type { AuditRecord } from '@gatehouse/contracts';
import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const auditKeys = {
  all: ['audit'] as const,
  list: (filter: AuditFilter) => ['audit', 'list', filter] as const,
};

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** In UTC, as the server takes it. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly correlationId?: string | undefined;
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: auditKeys.list(filter),
    queryFn: ({ pageParam }) =>
      call<Page<AuditRecord>>('GET', '/api/v1/audit', { query: { ...filter, limit: 50, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });

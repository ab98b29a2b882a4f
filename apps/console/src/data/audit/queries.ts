import type { AuditRecord, AuditRecordDetail } from '@gatehouse/contracts';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const auditKeys = {
  all: ['audit'] as const,
  list: (filter: AuditFilter) => ['audit', 'list', filter] as const,
  one: (id: string) => ['audit', 'one', id] as const,
};

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly resourceType?: string | undefined;
  readonly resourceId?: string | undefined;
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

/** A record with its proof, judged by the server at this moment. */
export const auditRecordQuery = (id: string) =>
  queryOptions({
    queryKey: auditKeys.one(id),
    queryFn: () => call<AuditRecordDetail>('GET', `/api/v1/audit/${id}`),
    staleTime: 0,
  });

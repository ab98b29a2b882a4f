import type { OwnTenant, Tenant } from '@gatehouse/contracts';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const tenantKeys = {
  all: ['tenants'] as const,
  list: (filter: TenantFilter) => ['tenants', 'list', filter] as const,
  own: ['tenants', 'own'] as const,
};

export interface TenantFilter {
  readonly search?: string | undefined;
  readonly status?: 'active' | 'suspended' | undefined;
}

/** The organisations below one's own. */
export const tenantsQuery = (filter: TenantFilter) =>
  infiniteQueryOptions({
    queryKey: tenantKeys.list(filter),
    queryFn: ({ pageParam }) =>
      call<Page<Tenant>>('GET', '/api/v1/tenants', { query: { ...filter, limit: 50, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });

/** The organisations that one belongs to oneself. */
export const ownTenantsQuery = () =>
  queryOptions({
    queryKey: tenantKeys.own,
    queryFn: () => call<Page<OwnTenant>>('GET', '/api/v1/auth/tenants', { query: { limit: 200 } }),
  });

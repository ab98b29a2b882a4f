import type {
  Connection,
  ConnectionTrial,
  LinkableConnection,
  OwnIdentity,
  TenantDomain,
} from '@gatehouse/contracts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const connectionKeys = {
  all: ['connections'] as const,
  list: ['connections', 'list'] as const,
  domains: ['connections', 'domains'] as const,
  own: ['connections', 'own'] as const,
  linkable: ['connections', 'linkable'] as const,
  trial: (token: string) => ['connections', 'trial', token] as const,
};

const listOf = <Item>(path: string, queryKey: readonly string[]) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => call<Page<Item>>('GET', path, { query: { limit: 50, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });

export const connectionsQuery = () => listOf<Connection>('/api/v1/connections', connectionKeys.list);
export const domainsQuery = () => listOf<TenantDomain>('/api/v1/domains', connectionKeys.domains);

export const ownIdentitiesQuery = () =>
  queryOptions({
    queryKey: connectionKeys.own,
    queryFn: () => call<{ items: OwnIdentity[] }>('GET', '/api/v1/auth/identities'),
  });

/** What may be linked besides. */
export const linkableQuery = () =>
  queryOptions({
    queryKey: connectionKeys.linkable,
    queryFn: () => call<{ items: LinkableConnection[] }>('GET', '/api/v1/auth/identities/available'),
  });

/** What came of a trial, by the token that the provider's browser came back with. It does not change. */
export const trialQuery = (id: string, token: string) =>
  queryOptions({
    queryKey: connectionKeys.trial(token),
    queryFn: () => call<ConnectionTrial>('POST', `/api/v1/connections/${id}/trial`, { body: { token } }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

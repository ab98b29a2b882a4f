import type { SignInOptions } from '@gatehouse/contracts';
import { queryOptions } from '@tanstack/react-query';
import { call } from './api.ts';

/** What the deployment says of itself to everyone: its name, and in development its mailbox. */
export const optionsQuery = () =>
  queryOptions({
    queryKey: ['options'],
    queryFn: async () => {
      const response = await fetch('/api/v1/auth/options');
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return (await response.json()) as SignInOptions;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What the home tenant of somebody asks of a new password. */
export const passwordRulesQuery = (homeTenantId: string) =>
  queryOptions({
    queryKey: ['options', homeTenantId],
    queryFn: () => call<SignInOptions>('GET', '/api/v1/auth/options', { query: { tenant: homeTenantId } }),
    select: ({ passwordRules }) => passwordRules,
  });

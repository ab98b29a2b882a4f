import type { SignInOptions } from '@gatehouse/contracts';
import { queryOptions } from '@tanstack/react-query';

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

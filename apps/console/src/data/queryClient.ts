import { ProblemError } from '@gatehouse/browser';
import { QueryClient } from '@tanstack/react-query';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // A refusal stays one; what passes (a busy server, a lost network) is tried again.
      retry: (failures, error) =>
        failures < 3 && (!(error instanceof ProblemError) || error.retryAfter !== null),
      retryDelay: (failures, error) =>
        error instanceof ProblemError && error.retryAfter !== null
          ? error.retryAfter * 1000
          : Math.min(1000 * 2 ** failures, 10_000),
    },
  },
});

import type { Session } from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { sessionKeys } from './queries.ts';

/** Ends one of one's own sessions. It leaves the list at once, and comes back when the server refuses. */
export function useEndSession() {
  const client = useQueryClient();
  const key = sessionKeys.of();
  return useMutation({
    mutationFn: (session: Session) => call<void>('DELETE', `/api/v1/sessions/${session.id}`),
    onMutate: async (session) => {
      await client.cancelQueries({ queryKey: key });
      const before = client.getQueryData<Page<Session>>(key);
      if (before)
        client.setQueryData(key, { ...before, items: before.items.filter((item) => item.id !== session.id) });
      return { before };
    },
    onError: (_error, _session, context) => client.setQueryData(key, context?.before),
    onSettled: () => client.invalidateQueries({ queryKey: sessionKeys.all }),
  });
}

export function useEndOtherSessions() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<{ ended: number }>('POST', '/api/v1/sessions/end-others'),
    onSettled: () => client.invalidateQueries({ queryKey: sessionKeys.all }),
  });
}

/** Ends all sessions of a user, for who may. */
export function useEndUserSessions(userId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<{ ended: number }>('POST', `/api/v1/users/${userId}/sessions/end`),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: sessionKeys.of(userId) }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

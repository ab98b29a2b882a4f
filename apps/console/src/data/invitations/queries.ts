import type { Invitation, InvitationImportProgress } from '@gatehouse/contracts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const invitationKeys = { all: ['invitations'] as const };

export const INVITATION_STATES = ['open', 'expired', 'accepted', 'revoked'] as const;
export type InvitationState = (typeof INVITATION_STATES)[number];

export const invitationsQuery = (status: InvitationState | undefined) =>
  infiniteQueryOptions({
    queryKey: [...invitationKeys.all, status ?? 'all'],
    queryFn: ({ pageParam }) =>
      call<Page<Invitation>>('GET', '/api/v1/invitations', {
        query: { limit: 50, cursor: pageParam, status },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });

/** Asked again each second while mail waits. */
export const importQuery = (id: string) =>
  queryOptions({
    queryKey: [...invitationKeys.all, 'import', id],
    queryFn: () => call<InvitationImportProgress>('GET', `/api/v1/invitations/imports/${id}`),
    refetchInterval: ({ state }) => (state.data && state.data.mail.waiting === 0 ? false : 1000),
  });

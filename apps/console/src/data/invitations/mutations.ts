import type {
  CreateInvitation,
  ImportInvitations,
  Invitation,
  InvitationImport,
  InvitationImportCheck,
} from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { invitationKeys } from './queries.ts';

function useInvitationMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: invitationKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

export const useInvite = () =>
  useInvitationMutation((body: CreateInvitation) =>
    call<Invitation>('POST', '/api/v1/invitations', { body }),
  );

export const useResendInvitation = () =>
  useInvitationMutation(({ id }: Invitation) => call<Invitation>('POST', `/api/v1/invitations/${id}/resend`));

export const useRevokeInvitation = () =>
  useInvitationMutation(({ id }: Invitation) => call<void>('DELETE', `/api/v1/invitations/${id}`));

/** Changes nothing, so nothing is read again. */
export const useCheckImport = () =>
  useMutation({
    mutationFn: (csv: string) =>
      call<InvitationImportCheck>('POST', '/api/v1/invitations/imports/check', { body: { csv } }),
  });

export const useImportInvitations = () =>
  useInvitationMutation((body: ImportInvitations) =>
    call<InvitationImport>('POST', '/api/v1/invitations/imports', { body }),
  );

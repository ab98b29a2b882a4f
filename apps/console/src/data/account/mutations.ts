import type { PasswordChange } from '@gatehouse/browser';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { gatehouse } from '../../session.ts';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { sessionKeys } from '../sessions/queries.ts';

/** What one does to one's account is on record, and a new password ends sessions: both lists are read again. */
function useAccountMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: sessionKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

/** Changes one's password. The other sessions end, and this one has another id afterwards. */
export const useChangePassword = () =>
  useAccountMutation((input: PasswordChange) => gatehouse.changePassword(input));

/** Asks for another address; nothing changes before the link that is mailed there comes back. */
export const useChangeEmail = () =>
  useAccountMutation((input: { newEmail: string; password: string }) =>
    call<object>('POST', '/api/v1/auth/email/change', { body: input }),
  );

/** Changes what one is called; whoever is signed in is read again. */
export const useChangeName = () =>
  useAccountMutation(async (name: string) => {
    await call<object>('PATCH', '/api/v1/account/profile', { body: { name } });
    return gatehouse.reload();
  });

export const useSendVerification = () =>
  useAccountMutation(() => call<object>('POST', '/api/v1/auth/email/send-verification'));

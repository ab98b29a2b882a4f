import type { CreateUser, User } from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { saveFile } from '../file.ts';
import { userKeys } from './queries.ts';

/** Each change of a user is on record, too: both lists are read again. */
function useUserMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: userKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

export const useAddUser = () =>
  useUserMutation((user: CreateUser) => call<User>('POST', '/api/v1/users', { body: user }));

export const useRenameUser = () =>
  useUserMutation(({ user, name }: { user: User; name: string }) =>
    call<User>('PATCH', `/api/v1/users/${user.id}`, { body: { name } }),
  );

export type UserAction = 'suspend' | 'activate' | 'unlock' | 'reset-factors' | 'resend-link';

export const useUserAction = () =>
  useUserMutation(({ user, action }: { user: User; action: UserAction }) =>
    call<User>('POST', `/api/v1/users/${user.id}/${action}`),
  );

export const useDeleteUser = () =>
  useUserMutation((user: User) => call<void>('DELETE', `/api/v1/users/${user.id}`));

/** Everything that is held of a user, saved as a file. */
export const useExportUser = () =>
  useUserMutation((user: User) => saveFile(`/api/v1/users/${user.id}/export`));

export const useEraseUser = () =>
  useUserMutation((user: User) => call<void>('POST', `/api/v1/users/${user.id}/erase`));

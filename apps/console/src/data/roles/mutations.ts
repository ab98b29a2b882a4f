import type { RoleAssignment } from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { userKeys } from '../users/queries.ts';
import { roleKeys } from './queries.ts';

export interface RoleChange {
  readonly principalId: string;
  readonly grant: readonly string[];
  readonly takeAway: readonly RoleAssignment[];
}

/** Gives and takes away roles, one after the other, so that a refusal names the one that was refused. */
export function useChangeRoles() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ principalId, grant, takeAway }: RoleChange) => {
      for (const role of grant)
        await call<RoleAssignment>('POST', '/api/v1/role-assignments', { body: { principalId, role } });
      for (const { id } of takeAway) await call<void>('DELETE', `/api/v1/role-assignments/${id}`);
    },
    onSettled: (_answer, _error, { principalId }) =>
      Promise.all([
        client.invalidateQueries({ queryKey: roleKeys.assignments(principalId) }),
        client.invalidateQueries({ queryKey: userKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

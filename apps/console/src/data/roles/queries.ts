import type { Role, RoleAssignment } from '@gatehouse/contracts';
import { queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const roleKeys = {
  all: ['roles'] as const,
  assignments: (principalId: string) => ['roles', 'assignments', principalId] as const,
};

export const rolesQuery = () =>
  queryOptions({
    queryKey: [...roleKeys.all, 'list'],
    queryFn: () => call<Page<Role>>('GET', '/api/v1/roles', { query: { limit: 200 } }),
    staleTime: 5 * 60_000,
  });

export const roleAssignmentsQuery = (principalId: string) =>
  queryOptions({
    queryKey: roleKeys.assignments(principalId),
    queryFn: () =>
      call<Page<RoleAssignment>>('GET', '/api/v1/role-assignments', { query: { principalId, limit: 200 } }),
  });

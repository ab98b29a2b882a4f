import type { AuditRetention } from '@gatehouse/contracts';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from './queries.ts';

const key = [...auditKeys.all, 'retention'] as const;

/** How long the tenant keeps its records, and how far they are gone. */
export const retentionQuery = () =>
  queryOptions({
    queryKey: key,
    queryFn: () => call<AuditRetention>('GET', '/api/v1/audit/retention'),
  });

export function useSetRetention() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (days: number | null) =>
      call<AuditRetention>('PATCH', '/api/v1/audit/retention', { body: { days } }),
    onSettled: () => client.invalidateQueries({ queryKey: auditKeys.all }),
  });
}

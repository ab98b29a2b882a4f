import type { TenantSettingsAnswer } from '@gatehouse/contracts';
import { queryOptions } from '@tanstack/react-query';
import { call } from '../api.ts';

export const settingsPath = (tenantId: string): string => `/api/v1/tenants/${tenantId}/settings`;

export const settingsKeys = { of: (tenantId: string) => ['settings', tenantId] as const };

export const settingsQuery = (tenantId: string) =>
  queryOptions({
    queryKey: settingsKeys.of(tenantId),
    queryFn: () => call<TenantSettingsAnswer>('GET', settingsPath(tenantId)),
  });

import type { CreateTenant, OwnTenant, Tenant } from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { gatehouse } from '../../session.ts';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { tenantKeys } from './queries.ts';

function useTenantMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: tenantKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

export const useOpenTenant = () =>
  useTenantMutation((tenant: CreateTenant) => call<Tenant>('POST', '/api/v1/tenants', { body: tenant }));

export type TenantAction = 'suspend' | 'activate';

export const useTenantAction = () =>
  useTenantMutation(({ tenant, action }: { tenant: Tenant; action: TenantAction }) =>
    call<Tenant>('POST', `/api/v1/tenants/${tenant.id}/${action}`),
  );

/** Ends one's membership there. Whoever works there now goes home first, and stays signed in. */
export const useLeaveTenant = () =>
  useTenantMutation(async ({ tenant, home }: { tenant: OwnTenant; home: string }) => {
    if (tenant.current) await gatehouse.switchTenant(home);
    await call<void>('DELETE', `/api/v1/auth/tenants/${tenant.id}`);
  });

/** Goes on in another organisation that one belongs to. What was loaded is dropped when the state says so (`main.tsx`). */
export const useSwitchTenant = () =>
  useMutation({ mutationFn: (tenantId: string) => gatehouse.switchTenant(tenantId) });

import type {
  BegunAtProvider,
  Connection,
  CreateConnection,
  CreateTenantDomain,
  LinkIdentity,
  OwnIdentity,
  TenantDomain,
  UpdateConnection,
} from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { connectionKeys } from './queries.ts';

function useConnectionMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: connectionKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

export const useConnect = () =>
  useConnectionMutation((body: CreateConnection) =>
    call<Connection>('POST', '/api/v1/connections', { body }),
  );

export const useChangeConnection = () =>
  useConnectionMutation(({ id, body }: { id: string; body: UpdateConnection }) =>
    call<Connection>('PATCH', `/api/v1/connections/${id}`, { body }),
  );

/** In service, or out of it. */
export const useSwitchConnection = () =>
  useConnectionMutation(({ id, status }: Connection) =>
    call<Connection>('POST', `/api/v1/connections/${id}/${status === 'enabled' ? 'disable' : 'enable'}`),
  );

/** Begins a sign-in that signs nobody in; the browser goes to the provider. */
export const useTryConnection = () =>
  useConnectionMutation(({ id }: Pick<Connection, 'id'>) =>
    call<BegunAtProvider>('POST', `/api/v1/connections/${id}/try`),
  );

export const useDisconnect = () =>
  useConnectionMutation(({ id }: Connection) => call<void>('DELETE', `/api/v1/connections/${id}`));

export const useAddDomain = () =>
  useConnectionMutation((body: CreateTenantDomain) =>
    call<TenantDomain>('POST', '/api/v1/domains', { body }),
  );

export const useVerifyDomain = () =>
  useConnectionMutation(({ id }: TenantDomain) => call<TenantDomain>('POST', `/api/v1/domains/${id}/verify`));

export const useSendDomain = () =>
  useConnectionMutation(({ id, connectionId }: Pick<TenantDomain, 'id' | 'connectionId'>) =>
    call<TenantDomain>('PATCH', `/api/v1/domains/${id}`, { body: { connectionId } }),
  );

export const useRemoveDomain = () =>
  useConnectionMutation(({ id }: TenantDomain) => call<void>('DELETE', `/api/v1/domains/${id}`));

/** Begins to have a provider's account enter one's own; the browser goes to the provider. */
export const useLink = () =>
  useConnectionMutation((body: LinkIdentity) =>
    call<BegunAtProvider>('POST', '/api/v1/auth/identities', { body }),
  );

export const useUnlink = () =>
  useConnectionMutation(({ id }: OwnIdentity) => call<void>('DELETE', `/api/v1/auth/identities/${id}`));

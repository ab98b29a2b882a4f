import type { Consent } from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { consentKeys } from './queries.ts';

function useConsentMutation<Input>(mutationFn: (input: Input) => Promise<Consent>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: consentKeys.all }),
        client.invalidateQueries({ queryKey: auditKeys.all }),
      ]),
  });
}

export const useGrantConsent = () =>
  useConsentMutation(({ purpose, version }: Consent) =>
    call<Consent>('POST', '/api/v1/account/consents', { body: { purpose, version } }),
  );

export const useWithdrawConsent = () =>
  useConsentMutation(({ purpose }: Consent) =>
    call<Consent>('POST', '/api/v1/account/consents/withdraw', { body: { purpose } }),
  );

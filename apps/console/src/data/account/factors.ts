import type { TotpConfirmation } from '@gatehouse/browser';
import type { BackupCodes, Factor, NewTotp, OwnFactors } from '@gatehouse/contracts';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { makePasskey } from '../../passkeys.ts';
import { gatehouse } from '../../session.ts';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { sessionKeys } from '../sessions/queries.ts';

const factorKeys = { all: ['factors'] as const };

/** One's own second factors. */
export const factorsQuery = queryOptions({
  queryKey: factorKeys.all,
  queryFn: () => call<OwnFactors>('GET', '/api/v1/auth/factors'),
});

function useFactorMutation<Input, Answer>(mutationFn: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all(
        [factorKeys.all, sessionKeys.all, auditKeys.all].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  });
}

/** A new secret for an authenticator app; it is no factor before a code of it came back. */
export const useBeginTotp = () =>
  useMutation({ mutationFn: () => call<NewTotp>('POST', '/api/v1/auth/factors/totp') });

/** Adds the app. This session has another id afterwards. */
export const useAddTotp = () =>
  useFactorMutation((confirmation: TotpConfirmation) => gatehouse.addTotp(confirmation));

/** Has the browser make a passkey, and adds it. This session has another id afterwards. */
export const useAddPasskey = () =>
  useFactorMutation(async (label: string) => {
    const options = await call<PublicKeyCredentialCreationOptionsJSON>(
      'POST',
      '/api/v1/auth/factors/passkey',
    );
    return gatehouse.addPasskey({ passkey: await makePasskey(options), label });
  });

/** What a passkey is asked to prove once more who is signed in. */
export const askForPasskeyAgain = () =>
  call<PublicKeyCredentialRequestOptionsJSON>('POST', '/api/v1/auth/step-up/passkey');

export const useRenameFactor = () =>
  useFactorMutation(({ id, label }: { id: string; label: string | null }) =>
    call<Factor>('POST', `/api/v1/auth/factors/${id}/rename`, { body: { label } }),
  );

export const useRemoveFactor = () =>
  useFactorMutation((id: string) => call<undefined>('DELETE', `/api/v1/auth/factors/${id}`));

export const useRenewBackupCodes = () =>
  useFactorMutation(() => call<BackupCodes>('POST', '/api/v1/auth/factors/backup-codes'));

export const useForgetDevices = () =>
  useFactorMutation(() => call<undefined>('DELETE', '/api/v1/auth/remembered-devices'));

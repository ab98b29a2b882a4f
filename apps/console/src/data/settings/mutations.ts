import type { SettingsChange, TenantSettingsAnswer } from '@gatehouse/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../api.ts';
import { auditKeys } from '../audit/queries.ts';
import { settingsKeys, settingsPath } from './queries.ts';

/** A change answers with the settings as they are then, which is what is shown from there on. */
function useSettingsMutation<Input>(
  { tenantId }: TenantSettingsAnswer,
  mutationFn: (input: Input) => Promise<TenantSettingsAnswer>,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: (answer) => {
      client.setQueryData(settingsKeys.of(tenantId), answer);
      return client.invalidateQueries({ queryKey: auditKeys.all });
    },
  });
}

export const useChangeSettings = (now: TenantSettingsAnswer) =>
  useSettingsMutation(now, (settings: SettingsChange) =>
    call('PATCH', settingsPath(now.tenantId), { body: { version: now.version, settings } }),
  );

export const useSetLogo = (now: TenantSettingsAnswer) =>
  useSettingsMutation(now, (image: string) =>
    call('POST', `${settingsPath(now.tenantId)}/logo`, { body: { version: now.version, image } }),
  );

export const useRemoveLogo = (now: TenantSettingsAnswer) =>
  useSettingsMutation(now, () =>
    call('DELETE', `${settingsPath(now.tenantId)}/logo`, { query: { version: now.version } }),
  );

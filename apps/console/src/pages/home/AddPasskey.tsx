import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useAddPasskey } from '../../data/account/factors.ts';
import { readDevice } from '../../data/sessions/device.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

interface Props {
  readonly onAdded: (backupCodes: readonly string[]) => void;
  readonly onDone: () => void;
}

/** Names a passkey, then has the browser make it. */
export function AddPasskey({ onAdded, onDone }: Props) {
  const { t } = useTranslation();
  const add = useAddPasskey();
  const { browser, system } = readDevice(navigator.userAgent);
  const here = browser && system ? t('sessions.device', { browser, system }) : (browser ?? system ?? '');
  const form = useForm({ initialValues: { label: here } });
  return (
    <DialogForm
      form={form}
      sending={add}
      read={({ label }) => label.trim()}
      onSent={({ backupCodes }) => onAdded(backupCodes)}
      onDone={onDone}
      submit={t('factors.passkeySubmit')}
    >
      <p>{t('factors.passkeyText')}</p>
      <TextInput
        label={t('factors.passkeyName')}
        description={t('factors.labelHint')}
        maxLength={60}
        data-autofocus
        autoComplete="off"
        {...form.getInputProps('label')}
      />
    </DialogForm>
  );
}

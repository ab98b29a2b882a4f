import type { CreateConnection } from '@gatehouse/contracts';
import { PasswordInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useConnect } from '../../data/connections/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

const KINDS = ['oidc', 'microsoft', 'google', 'github'] as const;

/** What a provider of this kind needs to be known by. */
export function Connect({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const connect = useConnect();
  const form = useForm({
    initialValues: { kind: 'oidc', name: '', issuer: '', directoryId: '', clientId: '', clientSecret: '' },
    validate: {
      name: (value) => (value.trim() ? null : t('connections.missing')),
      clientId: (value) => (value.trim() ? null : t('connections.missing')),
      issuer: (value, { kind }) => (kind !== 'oidc' || value.trim() ? null : t('connections.missing')),
      directoryId: (value, { kind }) =>
        kind !== 'microsoft' || value.trim() ? null : t('connections.missing'),
    },
  });
  const { kind } = form.values;
  return (
    <DialogForm
      form={form}
      sending={connect}
      read={(values): CreateConnection => ({
        kind: values.kind,
        name: values.name.trim(),
        clientId: values.clientId.trim(),
        ...(values.clientSecret && { clientSecret: values.clientSecret }),
        ...(values.kind === 'oidc' && { issuer: values.issuer.trim() }),
        ...(values.kind === 'microsoft' && { directoryId: values.directoryId.trim() }),
      })}
      onSent={({ name }) =>
        notifications.show({
          title: t('connections.connected', { name }),
          autoClose: 10_000,
          message: t('connections.connectedText'),
        })
      }
      onDone={onDone}
      submit={t('connections.connect')}
    >
      <Select
        label={t('connections.kindLabel')}
        data={KINDS.map((value) => ({ value, label: t(`connections.kind.${value}`) }))}
        allowDeselect={false}
        key={form.key('kind')}
        {...form.getInputProps('kind')}
      />
      <TextInput
        label={t('connections.name')}
        description={t('connections.nameHint')}
        data-autofocus
        key={form.key('name')}
        {...form.getInputProps('name')}
      />
      {kind === 'oidc' && (
        <TextInput
          label={t('connections.issuer')}
          description={t('connections.issuerHint')}
          key={form.key('issuer')}
          {...form.getInputProps('issuer')}
        />
      )}
      {kind === 'microsoft' && (
        <TextInput
          label={t('connections.directoryId')}
          key={form.key('directoryId')}
          {...form.getInputProps('directoryId')}
        />
      )}
      <TextInput
        label={t('connections.clientId')}
        autoComplete="off"
        key={form.key('clientId')}
        {...form.getInputProps('clientId')}
      />
      <PasswordInput
        label={t('connections.clientSecret')}
        description={t('connections.clientSecretHint')}
        autoComplete="off"
        key={form.key('clientSecret')}
        {...form.getInputProps('clientSecret')}
      />
    </DialogForm>
  );
}

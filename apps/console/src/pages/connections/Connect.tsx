import type { CreateConnection } from '@gatehouse/contracts';
import { PasswordInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useConnect } from '../../data/connections/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { fieldsOf, NO_SAML, readSaml, SamlFields } from './SamlFields.tsx';

const KINDS = ['oidc', 'saml', 'microsoft', 'google', 'github'] as const;

/** What a provider of this kind needs to be known by. */
export function Connect({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const connect = useConnect();
  const form = useForm({
    initialValues: {
      ...NO_SAML,
      kind: 'oidc',
      name: '',
      issuer: '',
      directoryId: '',
      clientId: '',
      clientSecret: '',
    },
    validate: (values) =>
      Object.fromEntries(
        neededOf(values)
          .filter((field) => String(values[field as keyof typeof values]).trim() === '')
          .map((field) => [field, t('connections.missing')]),
      ),
  });
  const { kind } = form.values;
  return (
    <DialogForm
      form={form}
      sending={connect}
      read={(values): CreateConnection => ({
        kind: values.kind,
        name: values.name.trim(),
        ...(values.kind === 'saml'
          ? { saml: readSaml(values), groupsClaim: values.groupsClaim.trim() || 'groups' }
          : {
              clientId: values.clientId.trim(),
              ...(values.clientSecret && { clientSecret: values.clientSecret }),
            }),
        ...(values.kind === 'oidc' && { issuer: values.issuer.trim() }),
        ...(values.kind === 'microsoft' && { directoryId: values.directoryId.trim() }),
      })}
      onSent={({ name }) =>
        notifications.show({
          title: t('connections.connected', { name }),
          autoClose: 10_000,
          message: t(kind === 'saml' ? 'connections.saml.connectedText' : 'connections.connectedText'),
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
      {kind === 'saml' ? (
        <SamlFields form={form} />
      ) : (
        <>
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
        </>
      )}
    </DialogForm>
  );
}

/** The fields that must have something in them. */
function neededOf({ kind, source }: { kind: string; source: string }): readonly string[] {
  if (kind === 'saml') return ['name', ...fieldsOf(source)];
  return [
    'name',
    ...(kind === 'oidc' ? ['issuer'] : []),
    ...(kind === 'microsoft' ? ['directoryId'] : []),
    'clientId',
  ];
}

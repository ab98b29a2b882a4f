import type { Connection, UpdateConnection } from '@gatehouse/contracts';
import { Checkbox, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useChangeConnection } from '../../data/connections/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { type MappedRole, RoleMapping } from './RoleMapping.tsx';

/** As a provider writes client ids and secrets: no blanks and nothing invisible. */
const WORD = /^[\x21-\x7e]+$/;

interface Values {
  name: string;
  clientId: string;
  clientSecret: string;
  groupsClaim: string;
  roles: MappedRole[];
  createUsers: boolean;
}

/** What is changed of a connection that stands; where its provider is, is another provider's business. */
export function EditConnection({ connection, onDone }: { connection: Connection; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useChangeConnection();
  const { id, status, name, clientId, groupsClaim, roles, createUsers } = connection;
  const isSaml = connection.kind === 'saml';
  const needed = (value: string) => (value.trim() === '' ? t('connections.missing') : null);
  const form = useForm<Values>({
    initialValues: {
      name,
      clientId,
      clientSecret: '',
      groupsClaim,
      roles: roles.map((mapped, index) => ({ ...mapped, row: `kept-${index}` })),
      createUsers,
    },
    validate: {
      name: needed,
      clientId: (value) => needed(value) ?? (WORD.test(value.trim()) ? null : t('connections.noBlanks')),
      clientSecret: (value) => (value === '' || WORD.test(value) ? null : t('connections.noBlanks')),
      groupsClaim: needed,
      roles: { value: needed, role: needed },
    },
  });
  /** The name goes along in any case: whoever saves, answers for the connection from then on. The rest only if it was changed here. */
  const read = (values: Values): { id: string; body: UpdateConnection } => ({
    id,
    body: {
      name: values.name.trim(),
      ...(form.isDirty('clientId') && { clientId: values.clientId.trim() }),
      ...(values.clientSecret && { clientSecret: values.clientSecret }),
      ...(form.isDirty('groupsClaim') && { groupsClaim: values.groupsClaim.trim() }),
      ...(form.isDirty('roles') && {
        roles: values.roles.map(({ value, role }) => ({ value: value.trim(), role })),
      }),
      ...(form.isDirty('createUsers') && { createUsers: values.createUsers }),
    },
  });
  const text = (field: 'name' | 'clientId' | 'groupsClaim', hint: string, more: object = {}) => (
    <TextInput
      label={t(`connections.${field}`)}
      description={t(`connections.${hint}`)}
      autoComplete="off"
      key={form.key(field)}
      {...more}
      {...form.getInputProps(field)}
    />
  );
  return (
    <DialogForm
      form={form}
      sending={change}
      read={read}
      onSent={(after) =>
        notifications.show({
          message: t(`connections.saml.${after.status === status ? 'changed' : 'changedOut'}`, {
            name: after.name,
          }),
        })
      }
      onDone={onDone}
      submit={t('form.save')}
    >
      {text('name', 'nameHint', { 'data-autofocus': true, maxLength: 200 })}
      {!isSaml && (
        <>
          {text('clientId', 'otherClientHint', { maxLength: 300 })}
          <PasswordInput
            label={t('connections.newSecret')}
            description={t(`connections.${connection.hasSecret ? 'keepsSecretHint' : 'clientSecretHint'}`)}
            autoComplete="off"
            maxLength={500}
            key={form.key('clientSecret')}
            {...form.getInputProps('clientSecret')}
          />
          {text('groupsClaim', 'groupsClaimHint', { maxLength: 100 })}
        </>
      )}
      <RoleMapping form={form} />
      <Checkbox
        label={t('connections.createUsers')}
        description={t('connections.createUsersHint')}
        key={form.key('createUsers')}
        {...form.getInputProps('createUsers', { type: 'checkbox' })}
      />
    </DialogForm>
  );
}

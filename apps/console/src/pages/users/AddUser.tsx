import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useAddUser } from '../../data/users/mutations.ts';
import { DevMail } from '../../parts/DevMail.tsx';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { useMay } from '../../session.ts';
import { RoleChoice } from './RoleChoice.tsx';

export function AddUser({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const add = useAddUser();
  const form = useForm({
    initialValues: { name: '', email: '', roles: [] as string[] },
    validate: {
      name: (value) => (value.trim() ? null : t('form.nameMissing')),
      email: (value) => (/^[^\s@]+@[^\s@]+$/.test(value.trim()) ? null : t('form.emailForm')),
    },
  });

  return (
    <DialogForm
      form={form}
      sending={add}
      read={({ name, email, roles }) => ({
        name: name.trim(),
        email: email.trim(),
        ...(roles.length > 0 && { roles }),
      })}
      onSent={({ name, email }) =>
        notifications.show({
          title: t('users.added', { name }),
          autoClose: 10_000,
          message: (
            <>
              {t('users.addedText', { email })} <DevMail />
            </>
          ),
        })
      }
      onDone={onDone}
      submit={t('users.add')}
    >
      <TextInput
        label={t('form.name')}
        autoComplete="off"
        data-autofocus
        key={form.key('name')}
        {...form.getInputProps('name')}
      />
      <TextInput
        label={t('form.email')}
        description={t('users.emailHint')}
        type="email"
        autoComplete="off"
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      {may('roles:read') && may('roles:assign') && (
        <RoleChoice chosen={form.values.roles} onChange={(roles) => form.setFieldValue('roles', roles)} />
      )}
    </DialogForm>
  );
}

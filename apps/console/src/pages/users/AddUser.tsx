import { Alert, Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { faultsByField, sayProblem } from '../../data/problem.ts';
import { useAddUser } from '../../data/users/mutations.ts';
import { DevMail } from '../../parts/DevMail.tsx';
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
  const faults = faultsByField(add.error);

  const submit = form.onSubmit(
    ({ name, email, roles }) =>
      add.mutate(
        { name: name.trim(), email: email.trim(), ...(roles.length > 0 && { roles }) },
        {
          onSuccess: (user) => {
            onDone();
            notifications.show({
              title: t('users.added', { name: user.name }),
              autoClose: 10_000,
              message: (
                <>
                  {t('users.addedText', { email: user.email })} <DevMail />
                </>
              ),
            });
          },
          onError: (error) => form.setErrors(faultsByField(error)),
        },
      ),
    (errors) => form.getInputNode(Object.keys(errors)[0] ?? 'name')?.focus(),
  );

  return (
    <form onSubmit={submit} noValidate className="form">
      {add.error && Object.keys(faults).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(add.error)}
        </Alert>
      )}
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
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={add.isPending}>
          {t('users.add')}
        </Button>
      </div>
    </form>
  );
}

import type { User } from '@gatehouse/contracts';
import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { faultsByField, sayProblem } from '../../data/problem.ts';
import { useRenameUser } from '../../data/users/mutations.ts';

export function RenameUser({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation();
  const rename = useRenameUser();
  const form = useForm({
    initialValues: { name: user.name },
    validate: { name: (value) => (value.trim() ? null : t('form.nameMissing')) },
  });
  const submit = form.onSubmit(({ name }) =>
    rename.mutate(
      { user, name: name.trim() },
      {
        onSuccess: () => {
          onDone();
          notifications.show({ message: t('users.renamed', { name: name.trim() }) });
        },
        onError: (error) => form.setErrors({ name: sayProblem(error), ...faultsByField(error) }),
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate className="form">
      <TextInput label={t('form.name')} data-autofocus autoComplete="off" {...form.getInputProps('name')} />
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={rename.isPending}>
          {t('form.save')}
        </Button>
      </div>
    </form>
  );
}

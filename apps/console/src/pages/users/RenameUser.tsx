import type { User } from '@gatehouse/contracts';
import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useRenameUser } from '../../data/users/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

export function RenameUser({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation();
  const rename = useRenameUser();
  const form = useForm({
    initialValues: { name: user.name },
    validate: { name: (value) => (value.trim() ? null : t('form.nameMissing')) },
  });
  return (
    <DialogForm
      form={form}
      sending={rename}
      read={({ name }) => ({ user, name: name.trim() })}
      onSent={({ name }) => notifications.show({ message: t('users.renamed', { name }) })}
      onDone={onDone}
      submit={t('form.save')}
    >
      <TextInput label={t('form.name')} data-autofocus autoComplete="off" {...form.getInputProps('name')} />
    </DialogForm>
  );
}

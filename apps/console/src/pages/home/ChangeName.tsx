import type { Me } from '@gatehouse/browser';
import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useChangeName } from '../../data/account/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

export function ChangeName({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useChangeName();
  const form = useForm({
    initialValues: { name: me.user.name },
    validate: { name: (value) => (value.trim() ? null : t('form.nameMissing')) },
  });
  return (
    <DialogForm
      form={form}
      sending={change}
      read={({ name }) => name.trim()}
      onSent={() => notifications.show({ message: t('home.nameChanged') })}
      onDone={onDone}
      submit={t('form.save')}
      isIdle={form.values.name.trim() === me.user.name}
    >
      <TextInput
        label={t('form.name')}
        description={t('home.nameHint')}
        autoComplete="name"
        maxLength={200}
        data-autofocus
        {...form.getInputProps('name')}
      />
    </DialogForm>
  );
}

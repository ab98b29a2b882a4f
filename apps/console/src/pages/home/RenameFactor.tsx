import type { Factor } from '@gatehouse/contracts';
import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useRenameFactor } from '../../data/account/factors.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

export function RenameFactor({ factor, onDone }: { factor: Factor; onDone: () => void }) {
  const { t } = useTranslation();
  const rename = useRenameFactor();
  const form = useForm({ initialValues: { label: factor.label ?? '' } });
  return (
    <DialogForm
      form={form}
      sending={rename}
      read={({ label }) => ({ id: factor.id, label: label.trim() || null })}
      onSent={() => notifications.show({ message: t('factors.renamed') })}
      onDone={onDone}
      submit={t('form.save')}
    >
      <TextInput
        label={t('form.name')}
        description={t('factors.labelHint')}
        maxLength={60}
        data-autofocus
        autoComplete="off"
        {...form.getInputProps('label')}
      />
    </DialogForm>
  );
}

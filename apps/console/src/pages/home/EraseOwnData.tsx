import { Checkbox } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useEraseOwnData } from '../../data/account/personal-data.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

/** Nothing follows a success: there is nobody here any more, and the page of those who signed out says so. */
export function EraseOwnData({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { understood: false },
    validate: { understood: (value) => (value ? null : t('data.tick')) },
  });
  return (
    <DialogForm
      form={form}
      sending={useEraseOwnData()}
      read={() => undefined}
      onDone={onDone}
      submit={t('data.eraseSubmit')}
      isDangerous
    >
      <p>{t('data.eraseDialogText')}</p>
      <Checkbox
        label={t('data.eraseUnderstood')}
        key={form.key('understood')}
        {...form.getInputProps('understood', { type: 'checkbox' })}
      />
    </DialogForm>
  );
}

import type { User } from '@gatehouse/contracts';
import { Checkbox } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useEraseUser } from '../../data/users/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

/** Erases a user, whose request it is: for good, so that it is said and ticked. */
export function EraseUser({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { understood: false },
    validate: { understood: (value) => (value ? null : t('data.tick')) },
  });
  const told = (): void => {
    notifications.show({ message: t('users.personalData.erased') });
    // The row is gone and the focus with it.
    document.querySelector<HTMLElement>('h1')?.focus();
  };
  return (
    <DialogForm
      form={form}
      sending={useEraseUser()}
      read={() => user}
      onSent={told}
      onDone={onDone}
      submit={t('data.eraseSubmit')}
      isDangerous
    >
      <p>{t('users.personalData.eraseText', { email: user.email })}</p>
      <ul className="steps">
        {(['account', 'records', 'address', 'copies'] as const).map((step) => (
          <li key={step}>{t(`users.personalData.step.${step}`)}</li>
        ))}
      </ul>
      <Checkbox
        label={t('data.eraseUnderstood')}
        key={form.key('understood')}
        {...form.getInputProps('understood', { type: 'checkbox' })}
      />
    </DialogForm>
  );
}

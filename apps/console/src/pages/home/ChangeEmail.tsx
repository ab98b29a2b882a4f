import type { Me } from '@gatehouse/browser';
import { PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useChangeEmail } from '../../data/account/mutations.ts';
import { DevMail } from '../../parts/DevMail.tsx';
import { DialogForm } from '../../parts/DialogForm.tsx';

export function ChangeEmail({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useChangeEmail();
  const form = useForm({
    initialValues: { newEmail: '', currentPassword: '' },
    validate: {
      newEmail: (value) => (/^[^\s@]+@[^\s@]+$/.test(value.trim()) ? null : t('form.emailForm')),
      currentPassword: (value) => (value ? null : t('form.passwordMissing')),
    },
  });
  return (
    <DialogForm
      form={form}
      sending={change}
      read={({ newEmail, currentPassword }) => ({ newEmail: newEmail.trim(), password: currentPassword })}
      onSent={(_answer, { newEmail }) =>
        notifications.show({
          title: t('account.emailAsked'),
          autoClose: 10_000,
          message: (
            <>
              {t('account.emailAskedText', { email: newEmail.trim() })} <DevMail />
            </>
          ),
        })
      }
      onDone={onDone}
      submit={t('account.emailSubmit')}
    >
      <p className="soft">{t('account.emailText', { email: me.user.email })}</p>
      <TextInput
        label={t('form.newEmail')}
        type="email"
        autoComplete="email"
        data-autofocus
        key={form.key('newEmail')}
        {...form.getInputProps('newEmail')}
      />
      <PasswordInput
        label={t('form.currentPassword')}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ 'aria-label': t('form.showPassword') }}
        key={form.key('currentPassword')}
        {...form.getInputProps('currentPassword')}
      />
    </DialogForm>
  );
}

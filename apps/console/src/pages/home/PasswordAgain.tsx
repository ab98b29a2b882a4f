import type { Me } from '@gatehouse/browser';
import { Checkbox, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { DialogForm, type Sending } from '../../parts/DialogForm.tsx';

interface Props<Answer> {
  me: Me;
  text: string;
  /** What has to be ticked, where it cannot be undone. */
  understood?: string;
  submit: string;
  sending: Sending<string, Answer>;
  onSent?: (answer: Answer) => void;
  onDone: () => void;
}

/** Asks whoever is signed in for the password once more, before something that a borrowed session must not do. */
export function PasswordAgain<Answer>({ me, text, understood, ...rest }: Props<Answer>) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { currentPassword: '', understood: false },
    validate: {
      currentPassword: (value) => (value ? null : t('form.passwordMissing')),
      understood: (value) => (value || understood === undefined ? null : t('data.tick')),
    },
  });
  return (
    <DialogForm
      {...rest}
      form={form}
      read={({ currentPassword }) => currentPassword}
      isDangerous={understood !== undefined}
    >
      <p>{text}</p>
      {/* Tells a password manager whose password it is. */}
      <input type="text" autoComplete="username" value={me.user.email} readOnly hidden />
      <PasswordInput
        label={t('form.currentPassword')}
        autoComplete="current-password"
        data-autofocus
        visibilityToggleButtonProps={{ 'aria-label': t('form.showPassword') }}
        key={form.key('currentPassword')}
        {...form.getInputProps('currentPassword')}
      />
      {understood !== undefined && (
        <Checkbox
          label={understood}
          key={form.key('understood')}
          {...form.getInputProps('understood', { type: 'checkbox' })}
        />
      )}
    </DialogForm>
  );
}

import type { Me } from '@gatehouse/browser';
import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useChangeEmail } from '../../data/account/mutations.ts';
import { faultsByField, sayProblem } from '../../data/problem.ts';
import { DevMail } from '../../parts/DevMail.tsx';

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
  const faults = faultsByField(change.error);
  const focusFirst = (errors: object): void => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus();
  const submit = form.onSubmit(
    ({ newEmail, currentPassword }) =>
      change.mutate(
        { newEmail: newEmail.trim(), password: currentPassword },
        {
          onSuccess: () => {
            onDone();
            notifications.show({
              title: t('account.emailAsked'),
              autoClose: 10_000,
              message: (
                <>
                  {t('account.emailAskedText', { email: newEmail.trim() })} <DevMail />
                </>
              ),
            });
          },
          onError: (error) => {
            form.setErrors(faultsByField(error));
            focusFirst(faultsByField(error));
          },
        },
      ),
    focusFirst,
  );

  return (
    <form onSubmit={submit} noValidate className="form">
      {change.error && Object.keys(faults).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(change.error)}
        </Alert>
      )}
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
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={change.isPending}>
          {t('account.emailSubmit')}
        </Button>
      </div>
    </form>
  );
}

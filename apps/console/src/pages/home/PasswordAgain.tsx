import type { Me } from '@gatehouse/browser';
import { Alert, Button, Checkbox, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { faultsByField, sayProblem } from '../../data/problem.ts';

interface Props {
  me: Me;
  text: string;
  /** What has to be ticked, where it cannot be undone. */
  understood?: string;
  submit: string;
  isDangerous?: boolean;
  isPending: boolean;
  error: unknown;
  onSubmit: (password: string, onError: (error: unknown) => void) => void;
  onCancel: () => void;
}

/** Asks whoever is signed in for the password once more, before something that a borrowed session must not do. */
export function PasswordAgain(props: Props) {
  const { me, understood, error } = props;
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { currentPassword: '', understood: false },
    validate: {
      currentPassword: (value) => (value ? null : t('form.passwordMissing')),
      understood: (value) => (value || understood === undefined ? null : t('data.tick')),
    },
  });
  const focusFirst = (errors: object): void => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus();
  const onError = (problem: unknown): void => {
    form.setErrors(faultsByField(problem));
    focusFirst(faultsByField(problem));
  };
  const submit = form.onSubmit(({ currentPassword }) => props.onSubmit(currentPassword, onError), focusFirst);

  return (
    <form onSubmit={submit} noValidate className="form">
      {error !== null && Object.keys(faultsByField(error)).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(error)}
        </Alert>
      )}
      <p>{props.text}</p>
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
      <div className="form-end">
        <Button variant="default" onClick={props.onCancel}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={props.isPending} {...(props.isDangerous && { color: 'brick' })}>
          {props.submit}
        </Button>
      </div>
    </form>
  );
}

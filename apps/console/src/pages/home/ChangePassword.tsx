import type { Me } from '@gatehouse/browser';
import { DEFAULT_PASSWORD_RULES, unmetPasswordRules } from '@gatehouse/contracts';
import { Alert, Button, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useChangePassword } from '../../data/account/mutations.ts';
import { passwordRulesQuery } from '../../data/options.ts';
import { faultsByField, sayProblem } from '../../data/problem.ts';

export function ChangePassword({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useChangePassword();
  const { data: rules = DEFAULT_PASSWORD_RULES } = useQuery(passwordRulesQuery(me.user.tenantId));
  const count = rules.minLength;
  const form = useForm({
    initialValues: { currentPassword: '', newPassword: '' },
    validate: {
      currentPassword: (value) => (value ? null : t('form.passwordMissing')),
      newPassword: (value) => {
        const unmet = unmetPasswordRules(value, rules);
        if (unmet.length === 0) return null;
        return t('form.passwordNeeds', {
          rules: unmet.map((rule) => t(`form.rule.${rule}`, { count })).join(', '),
        });
      },
    },
  });
  const faults = faultsByField(change.error);
  const focusFirst = (errors: object): void => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus();
  const submit = form.onSubmit(
    (values) =>
      change.mutate(values, {
        onSuccess: () => {
          onDone();
          notifications.show({ message: t('account.passwordChanged') });
        },
        onError: (error) => {
          form.setErrors(faultsByField(error));
          focusFirst(faultsByField(error));
        },
      }),
    focusFirst,
  );
  const toggle = { 'aria-label': t('form.showPassword') };

  return (
    <form onSubmit={submit} noValidate className="form">
      {change.error && Object.keys(faults).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(change.error)}
        </Alert>
      )}
      {/* Tells a password manager whose password it is. */}
      <input type="text" autoComplete="username" value={me.user.email} readOnly hidden />
      <PasswordInput
        label={t('form.currentPassword')}
        autoComplete="current-password"
        data-autofocus
        visibilityToggleButtonProps={toggle}
        key={form.key('currentPassword')}
        {...form.getInputProps('currentPassword')}
      />
      <PasswordInput
        label={t('form.newPassword')}
        description={t(rules.symbol ? 'form.passwordRulesSymbol' : 'form.passwordRulesBase', { count })}
        autoComplete="new-password"
        visibilityToggleButtonProps={toggle}
        key={form.key('newPassword')}
        {...form.getInputProps('newPassword')}
      />
      <p className="soft">{t('account.passwordEnds')}</p>
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={change.isPending}>
          {t('account.passwordSubmit')}
        </Button>
      </div>
    </form>
  );
}

import type { Me } from '@gatehouse/browser';
import { DEFAULT_PASSWORD_RULES, unmetPasswordRules } from '@gatehouse/contracts';
import { PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useChangePassword } from '../../data/account/mutations.ts';
import { passwordRulesQuery } from '../../data/options.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { PasswordStrength } from './PasswordStrength.tsx';

export function ChangePassword({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useChangePassword();
  const { data: rules = DEFAULT_PASSWORD_RULES } = useQuery(passwordRulesQuery(me.user.tenantId));
  const count = rules.minLength;
  const holder = useMemo(() => [me.user.email, me.user.name], [me]);
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
  const toggle = { 'aria-label': t('form.showPassword') };

  return (
    <DialogForm
      form={form}
      sending={change}
      read={(values) => values}
      onSent={() => notifications.show({ message: t('account.passwordChanged') })}
      onDone={onDone}
      submit={t('account.passwordSubmit')}
    >
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
      {/* Of what was just refused it is not said that it is strong. */}
      <PasswordStrength password={form.errors.newPassword ? '' : form.values.newPassword} holder={holder} />
      <p className="soft">{t('account.passwordEnds')}</p>
    </DialogForm>
  );
}

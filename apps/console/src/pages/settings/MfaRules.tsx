import { NumberInput, Select } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Section, type SectionProps } from './Section.tsx';

const policies = ['off', 'optional', 'mandatory'] as const;

/** Whether people of the tenant are asked for a second factor, and for how long a browser is remembered. */
export function MfaRules(props: SectionProps) {
  const { t } = useTranslation();
  const { mfa } = props.now.settings;
  const form = useForm<{ policy: string; rememberDays: number | string }>({
    initialValues: { policy: mfa.policy, rememberDays: mfa.rememberDays },
    validate: {
      rememberDays: (value) =>
        Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 365
          ? null
          : t('settings.mfa.rememberDaysForm'),
    },
  });
  const collect = () => {
    if (form.validate().hasErrors) return undefined;
    const { policy, rememberDays } = form.getValues();
    return { mfa: { policy, rememberDays: Number(rememberDays) } };
  };
  const { policy } = form.values;
  return (
    <Section {...props} name="mfa" collect={collect}>
      <div className="settings-grid">
        <Select
          label={t('settings.mfa.policy')}
          description={t(`settings.mfa.about.${policy}`)}
          data={policies.map((value) => ({ value, label: t(`settings.mfa.is.${value}`) }))}
          allowDeselect={false}
          disabled={props.locked}
          key={form.key('policy')}
          {...form.getInputProps('policy')}
        />
        <NumberInput
          label={t('settings.mfa.rememberDays')}
          description={t('settings.mfa.rememberDaysHint')}
          allowDecimal={false}
          allowNegative={false}
          hideControls
          disabled={props.locked}
          key={form.key('rememberDays')}
          {...form.getInputProps('rememberDays')}
        />
      </div>
    </Section>
  );
}

import { Checkbox, NumberInput, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Section, type SectionProps } from './Section.tsx';
import { SignInPolicy } from './SignInPolicy.tsx';

const NETWORK = /^[0-9a-f.:]+(?:\/\d{1,3})?$/i;
const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

/** One entry a line, or separated by commas. */
const lines = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))];
const minutes = (value: number | string): number | null => (value === '' ? null : Number(value));

interface Values {
  minLength: number | string;
  symbol: boolean;
  policy: string;
  mailLink: boolean;
  mailCode: boolean;
  idleMinutes: number | string;
  maxMinutes: number | string;
  expireDays: number | string;
  networks: string;
  emailDomains: string;
}

export function SignInRules(props: SectionProps) {
  const { t } = useTranslation();
  const { password, session, signIn, invitations } = props.now.settings;
  const length = (value: number | string) =>
    value === '' || (Number.isInteger(value) && Number(value) >= 5) ? null : t('settings.rules.lengthForm');
  const whole = (value: number | string, least: number, most: number) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  const initialValues: Values = {
    minLength: password.minLength,
    symbol: password.symbol,
    policy: signIn.policy,
    mailLink: signIn.mailLink,
    mailCode: signIn.mailCode,
    idleMinutes: session.idleMinutes ?? '',
    maxMinutes: session.maxMinutes ?? '',
    expireDays: invitations.expireDays,
    networks: signIn.networks.join('\n'),
    emailDomains: signIn.emailDomains.join('\n'),
  };
  const form = useForm<Values>({
    initialValues,
    validate: {
      minLength: (value) => (whole(value, 8, 64) ? null : t('settings.rules.minLengthForm')),
      expireDays: (value) => (whole(value, 1, 90) ? null : t('settings.rules.expireDaysForm')),
      networks: (value) =>
        lines(value).every((line) => NETWORK.test(line)) ? null : t('settings.rules.networksForm'),
      emailDomains: (value) =>
        lines(value).every((line) => DOMAIN.test(line)) ? null : t('settings.rules.emailDomainsForm'),
      idleMinutes: length,
      maxMinutes: length,
    },
  });
  const collect = () => {
    if (form.validate().hasErrors) return undefined;
    const values = form.getValues();
    return {
      password: { minLength: Number(values.minLength), symbol: values.symbol },
      session: { idleMinutes: minutes(values.idleMinutes), maxMinutes: minutes(values.maxMinutes) },
      signIn: {
        policy: values.policy,
        mailLink: values.mailLink,
        mailCode: values.mailCode,
        networks: lines(values.networks),
        emailDomains: lines(values.emailDomains.toLowerCase()),
      },
      invitations: { expireDays: Number(values.expireDays) },
    };
  };
  const field = (name: 'minLength' | 'idleMinutes' | 'maxMinutes' | 'expireDays') => ({
    label: t(`settings.rules.${name}`),
    description: t(`settings.rules.${name}Hint`),
    allowDecimal: false,
    allowNegative: false,
    hideControls: true,
    disabled: props.locked,
    ...form.getInputProps(name),
  });
  const list = (name: 'networks' | 'emailDomains') => ({
    label: t(`settings.rules.${name}`),
    description: t(`settings.rules.${name}Hint`),
    autosize: true,
    minRows: 2,
    ...form.getInputProps(name),
  });
  return (
    <Section {...props} name="rules" collect={collect}>
      <div className="settings-grid">
        <NumberInput key={form.key('minLength')} {...field('minLength')} />
        <Checkbox
          className="settings-check"
          label={t('settings.rules.symbol')}
          key={form.key('symbol')}
          {...form.getInputProps('symbol', { type: 'checkbox' })}
        />
        <NumberInput key={form.key('idleMinutes')} {...field('idleMinutes')} />
        <NumberInput key={form.key('maxMinutes')} {...field('maxMinutes')} />
        <NumberInput key={form.key('expireDays')} {...field('expireDays')} />
        <SignInPolicy
          key={form.key('policy')}
          policy={form.values.policy}
          locked={props.locked}
          input={form.getInputProps('policy')}
        />
        {(['mailLink', 'mailCode'] as const).map((name) => (
          <Checkbox
            key={form.key(name)}
            className="settings-check"
            label={t(`settings.rules.${name}`)}
            {...form.getInputProps(name, { type: 'checkbox' })}
          />
        ))}
        <Textarea key={form.key('networks')} placeholder="203.0.113.0/24" {...list('networks')} />
        <Textarea key={form.key('emailDomains')} placeholder="example.com" {...list('emailDomains')} />
      </div>
    </Section>
  );
}

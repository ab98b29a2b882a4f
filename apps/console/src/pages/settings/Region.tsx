import { CURRENCIES, isLocale } from '@gatehouse/contracts';
import { Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { language } from '../../text.ts';
import { Section, type SectionProps } from './Section.tsx';

const named = (type: 'currency' | 'language', code: string): string =>
  new Intl.DisplayNames(language(), { type }).of(code) ?? code;
const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
const formats = ['YYYY-MM-DD', 'DD.MM.YYYY', 'DD/MM/YYYY', 'MM/DD/YYYY'];

export function Region(props: SectionProps) {
  const { t } = useTranslation();
  const { locale, timeZone, currency, dateFormat } = props.now.settings;
  const form = useForm({
    initialValues: { locale, timeZone, currency, dateFormat },
    validate: { locale: (value) => (isLocale(value) ? null : t('settings.region.localeForm')) },
  });
  const current = form.getValues().locale;
  const currencies = CURRENCIES.map((code) => ({
    value: code,
    label: `${code} · ${named('currency', code)}`,
  }));
  return (
    <Section
      {...props}
      name="region"
      collect={() => (form.validate().hasErrors ? undefined : form.getValues())}
    >
      <div className="settings-grid">
        <TextInput
          label={t('settings.region.locale')}
          description={isLocale(current) ? named('language', current) : t('settings.region.localeHint')}
          key={form.key('locale')}
          {...form.getInputProps('locale')}
        />
        <Select
          label={t('settings.region.timeZone')}
          description={t('settings.region.timeZoneHint')}
          data={[...new Set([timeZone, ...zones])]}
          searchable
          allowDeselect={false}
          limit={60}
          nothingFoundMessage={t('settings.region.noZone')}
          key={form.key('timeZone')}
          {...form.getInputProps('timeZone')}
        />
        <Select
          label={t('settings.region.currency')}
          data={currencies}
          searchable
          allowDeselect={false}
          nothingFoundMessage={t('settings.region.noCurrency')}
          key={form.key('currency')}
          {...form.getInputProps('currency')}
        />
        <Select
          label={t('settings.region.dateFormat')}
          data={formats}
          allowDeselect={false}
          key={form.key('dateFormat')}
          {...form.getInputProps('dateFormat')}
        />
      </div>
    </Section>
  );
}

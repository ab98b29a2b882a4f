import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { ColorSample } from './ColorSample.tsx';
import { LogoField } from './LogoField.tsx';
import { Section, type SectionProps } from './Section.tsx';

const COLOR = /^#[0-9a-f]{6}$/;

export function Branding(props: SectionProps) {
  const { t } = useTranslation();
  const { primaryColor, companyUrl } = props.now.settings.branding;
  const form = useForm({
    initialValues: { primaryColor: primaryColor ?? '', companyUrl: companyUrl ?? '' },
    validate: {
      primaryColor: (value) =>
        value === '' || COLOR.test(value.toLowerCase()) ? null : t('settings.branding.colorForm'),
      companyUrl: (value) =>
        value === '' || (URL.canParse(value) && value.startsWith('https://'))
          ? null
          : t('settings.branding.urlForm'),
    },
  });
  const typed = form.getValues().primaryColor.toLowerCase();
  const color = COLOR.test(typed) ? typed : null;
  const collect = () => {
    if (form.validate().hasErrors) return undefined;
    const values = form.getValues();
    return {
      branding: {
        primaryColor: values.primaryColor === '' ? null : values.primaryColor.toLowerCase(),
        // The browser writes the host in lower case and in ASCII, as it is stored.
        companyUrl: values.companyUrl === '' ? null : new URL(values.companyUrl).href,
      },
    };
  };
  return (
    <Section {...props} name="branding" collect={collect}>
      <LogoField {...props} />
      <div className="settings-grid">
        <TextInput
          label={t('settings.branding.color')}
          description={t('settings.branding.colorHint')}
          placeholder="#1b6b5f"
          leftSection={
            <input
              type="color"
              className="color-picker"
              aria-label={t('settings.branding.colorChoose')}
              value={color ?? '#1b6b5f'}
              disabled={props.locked}
              onChange={(event) => form.setFieldValue('primaryColor', event.currentTarget.value)}
            />
          }
          leftSectionWidth={44}
          key={form.key('primaryColor')}
          {...form.getInputProps('primaryColor')}
        />
        <TextInput
          label={t('settings.branding.url')}
          description={t('settings.branding.urlHint')}
          placeholder="https://www.example.com/"
          type="url"
          key={form.key('companyUrl')}
          {...form.getInputProps('companyUrl')}
        />
      </div>
      {color !== null && <ColorSample color={color} />}
    </Section>
  );
}

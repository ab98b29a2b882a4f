import type { SamlSettings } from '@gatehouse/contracts';
import { Checkbox, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** How a provider is described: where its metadata are, the metadata themselves, or what stands in them. */
const SOURCES = ['url', 'xml', 'hand'] as const;
export interface SamlValues {
  source: string;
  metadataUrl: string;
  metadata: string;
  entityId: string;
  ssoUrl: string;
  certificates: string;
  signRequests: boolean;
  subjectAttribute: string;
  emailAttribute: string;
  nameAttribute: string;
  groupsClaim: string;
}
export const NO_SAML: SamlValues = {
  source: 'url',
  metadataUrl: '',
  metadata: '',
  entityId: '',
  ssoUrl: '',
  certificates: '',
  signRequests: false,
  subjectAttribute: '',
  emailAttribute: '',
  nameAttribute: '',
  groupsClaim: 'groups',
};
const SOURCE_FIELDS = {
  url: ['metadataUrl'],
  xml: ['metadata'],
  hand: ['entityId', 'ssoUrl', 'certificates'],
} as const;
const ATTRIBUTES = ['emailAttribute', 'nameAttribute', 'subjectAttribute'] as const;

/** The fields of the chosen source; each of them is needed. */
export const fieldsOf = (source: string): readonly (keyof SamlValues)[] =>
  SOURCE_FIELDS[source as keyof typeof SOURCE_FIELDS] ?? [];

/** What to send of the values: of the sources the chosen one, and empty attributes as the usual ones. */
export function readSaml(values: SamlValues): SamlSettings {
  const source: SamlSettings = {
    url: { metadataUrl: values.metadataUrl.trim() },
    xml: { metadata: values.metadata },
    hand: {
      entityId: values.entityId.trim(),
      ssoUrl: values.ssoUrl.trim(),
      certificates: certificatesIn(values.certificates),
    },
  }[values.source as (typeof SOURCES)[number]];
  return {
    ...source,
    signRequests: values.signRequests,
    ...Object.fromEntries(ATTRIBUTES.map((name) => [name, values[name].trim() || null])),
  };
}

/** Several may be pasted one below the other. */
const certificatesIn = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [text.trim()];

interface Form {
  values: SamlValues;
  key(path: keyof SamlValues): string;
  getInputProps(path: keyof SamlValues, options?: { type?: 'checkbox' }): object;
}

/** What a SAML provider is known by. */
export function SamlFields({ form }: { form: Form }) {
  const { t } = useTranslation();
  const { source } = form.values;
  const text = (name: keyof SamlValues, more: object = {}) => (
    <TextInput
      label={t(`connections.saml.${name}`)}
      autoComplete="off"
      key={form.key(name)}
      {...more}
      {...form.getInputProps(name)}
    />
  );
  const area = (name: keyof SamlValues) => (
    <Textarea
      label={t(`connections.saml.${name}`)}
      description={t(`connections.saml.${name}Hint`)}
      autosize
      minRows={4}
      maxRows={10}
      spellCheck={false}
      key={form.key(name)}
      {...form.getInputProps(name)}
    />
  );
  return (
    <>
      <SegmentedControl
        aria-label={t('connections.saml.source')}
        fullWidth
        data={SOURCES.map((value) => ({ value, label: t(`connections.saml.sourceOf.${value}`) }))}
        key={form.key('source')}
        {...form.getInputProps('source')}
      />
      {source === 'url' && text('metadataUrl', { description: t('connections.saml.metadataUrlHint') })}
      {source === 'xml' && area('metadata')}
      {source === 'hand' && (
        <>
          {text('entityId')}
          {text('ssoUrl')}
          {area('certificates')}
        </>
      )}
      <Checkbox
        label={t('connections.saml.signRequests')}
        description={t('connections.saml.signRequestsHint')}
        key={form.key('signRequests')}
        {...form.getInputProps('signRequests', { type: 'checkbox' })}
      />
      <details>
        <summary>{t('connections.saml.attributes')}</summary>
        <div className="form">
          {text('emailAttribute', { description: t('connections.saml.usual') })}
          {text('nameAttribute', { description: t('connections.saml.usual') })}
          {text('groupsClaim')}
          {text('subjectAttribute', { description: t('connections.saml.subjectAttributeHint') })}
        </div>
      </details>
    </>
  );
}

import type { Connection } from '@gatehouse/contracts';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useChangeConnection } from '../../data/connections/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { fieldsOf, NO_SAML, readSaml, SamlFields, type SamlValues } from './SamlFields.tsx';

const asPem = (base64: string): string =>
  `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----`;

/** Reads the metadata of a provider again, or takes over others: new certificates, mostly. */
export function ChangeSaml({ connection, onDone }: { connection: Connection; onDone: () => void }) {
  const { t } = useTranslation();
  const change = useChangeConnection();
  const { id, name, saml, issuer, groupsClaim } = connection;
  const form = useForm<SamlValues>({
    initialValues: {
      ...NO_SAML,
      // What stands there, so that nothing has to be found again to change an attribute.
      source: saml?.metadataUrl == null ? 'hand' : 'url',
      certificates: (saml?.certificates ?? []).map(asPem).join('\n'),
      metadataUrl: saml?.metadataUrl ?? '',
      entityId: issuer,
      ssoUrl: saml?.ssoUrl ?? '',
      signRequests: saml?.signRequests ?? false,
      subjectAttribute: saml?.subjectAttribute ?? '',
      emailAttribute: saml?.emailAttribute ?? '',
      nameAttribute: saml?.nameAttribute ?? '',
      groupsClaim,
    },
    validate: (values) =>
      Object.fromEntries(
        fieldsOf(values.source)
          .filter((field) => String(values[field]).trim() === '')
          .map((field) => [field, t('connections.missing')]),
      ),
  });
  return (
    <DialogForm
      form={form}
      sending={change}
      read={(values) => ({
        id,
        body: { saml: readSaml(values), groupsClaim: values.groupsClaim.trim() || 'groups' },
      })}
      onSent={(after) =>
        notifications.show({
          message: t(`connections.saml.${after.status === connection.status ? 'changed' : 'changedOut'}`, {
            name,
          }),
        })
      }
      onDone={onDone}
      submit={t('form.save')}
    >
      <SamlFields form={form} />
      <p className="soft">{t('connections.saml.certificateGoes')}</p>
    </DialogForm>
  );
}

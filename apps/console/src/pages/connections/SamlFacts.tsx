import type { Connection } from '@gatehouse/contracts';
import { Button, CopyButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Time } from '../../parts/Time.tsx';

/** What the provider has to be told of us, to copy, and by which certificates it is known here. */
export function SamlFacts({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const { kind, clientId, redirectUri, signInUrl, certificates } = connection;
  if (kind !== 'saml') return null;
  const lines = [
    ['serviceMetadataUrl', clientId],
    ['acs', redirectUri],
    ['signInUrl', signInUrl],
  ] as const;
  return (
    <dl className="facts">
      {lines.map(([name, value]) => (
        <div key={name} className="wide">
          <dt>{t(`connections.saml.${name}`)}</dt>
          <dd className="wrap">
            <code>{value}</code>{' '}
            <CopyButton value={value}>
              {({ copied, copy }) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={t('connections.saml.copyOf', { what: t(`connections.saml.${name}`) })}
                  onClick={copy}
                >
                  {t(`connections.saml.${copied ? 'copied' : 'copy'}`)}
                </Button>
              )}
            </CopyButton>
          </dd>
        </div>
      ))}
      <div className="wide">
        <dt>{t('connections.saml.known')}</dt>
        {certificates.map(({ fingerprint, validUntil }) => (
          <dd key={fingerprint} className="wrap">
            <code>{fingerprint}</code> <span className="soft">{t('connections.saml.until')}</span>{' '}
            <Time at={validUntil} form="date" />
          </dd>
        ))}
      </div>
    </dl>
  );
}

import type { Connection } from '@gatehouse/contracts';
import { useTranslation } from 'react-i18next';
import { CopyFact } from '../../parts/CopyFact.tsx';
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
        <CopyFact key={name} name={t(`connections.saml.${name}`)} value={value} />
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

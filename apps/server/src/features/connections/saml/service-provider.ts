import type { Config } from '../../../config/index.ts';
import type { Sealer } from '../../../platform/crypto/index.ts';
import { openSecret } from '../connection-secret.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import { redirectUriOf } from '../connection-message.ts';
import { serviceMetadataUrlOf } from '../connection-message.ts';
import { PERSISTENT } from './saml-names.ts';
import type { Parties } from './saml-library.ts';
import type { SamlConnection } from './saml-settings.ts';

/** Us and the provider, as a connection describes both. */
export function partiesOf(
  { config, sealer }: { config: Config; sealer: Sealer },
  row: ConnectionRow,
): Parties & { saml: SamlConnection } {
  const { saml } = row.settings;
  if (saml == null) throw new Error('a SAML connection without its settings');
  const privateKey = saml.signingCertificate === null ? undefined : openSecret(sealer, row);
  return {
    saml,
    entityId: serviceMetadataUrlOf(config, row),
    acsUrl: redirectUriOf(config, row),
    idpEntityId: row.issuer,
    ssoUrl: saml.ssoUrl,
    certificates: saml.certificates,
    signing:
      privateKey === undefined || saml.signingCertificate === null
        ? null
        : { privateKey, certificate: saml.signingCertificate },
    nameIdFormat: saml.subjectAttribute === null ? PERSISTENT : null,
  };
}

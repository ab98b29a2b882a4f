import type { ConnectionKind, SamlSettings } from '@gatehouse/contracts';
import type { Deps } from '../../deps.ts';
import { fault } from '../connection-rules.ts';
import { sealSecret } from '../connection-secret.ts';
import type { ConnectionRow } from '../connections.repo.ts';
import type { ProviderMetadata } from './provider-metadata.ts';
import { type SamlConnection, withSaml } from './saml-settings.ts';
import { makeSigningKey, type SigningKey } from './signing-key.ts';

/** What is asked for or made before a transaction begins, so that nobody waits for it with a connection to the database in hand. */
export interface PreparedSaml {
  input: SamlSettings;
  read: ProviderMetadata | undefined;
  key: SigningKey | undefined;
}

/** @throws {Problem} `connections.metadata_refused`, `connections.provider_unreachable` */
export async function prepareSaml(
  deps: Deps,
  written: SamlSettings,
  before?: Pick<ConnectionRow, 'issuer' | 'settings'>,
): Promise<PreparedSaml> {
  const input = withoutWhatStands(written, before);
  const { metadata, metadataUrl, signRequests } = input;
  let read: ProviderMetadata | undefined;
  if (metadata !== undefined) read = await deps.providers.readMetadata({ metadata });
  else if (metadataUrl != null) read = await deps.providers.readMetadata({ metadataUrl });
  return { input, read, key: signRequests === true ? await makeSigningKey(deps.clock.now()) : undefined };
}

/** Somebody who writes what they have read names address and what was read there: neither is a wish to read again. */
function withoutWhatStands(
  written: SamlSettings,
  before: Pick<ConnectionRow, 'issuer' | 'settings'> | undefined,
): SamlSettings {
  const was = before?.settings.saml;
  const { metadataUrl, entityId, ssoUrl, certificates, ...rest } = written;
  const stands =
    was != null &&
    entityId === before?.issuer &&
    ssoUrl === was.ssoUrl &&
    JSON.stringify(certificates) === JSON.stringify(was.certificates) &&
    (metadataUrl ?? null) === was.metadataUrl;
  return stands ? rest : written;
}

/**
 * The columns of a SAML connection after what was prepared, over what it was before.
 *
 * @throws {Problem} `request.invalid`, `connections.metadata_refused`
 */
export function writtenSaml(
  deps: Deps,
  of: { tenantId: string; id: string },
  before: Pick<ConnectionRow, 'issuer' | 'settings' | 'secret_sealed'> | undefined,
  { input, read, key }: PreparedSaml,
): { issuer: string; saml: SamlConnection; secretSealed: string | null } {
  const was = before?.settings.saml ?? undefined;
  const { entityId, saml } = withSaml(
    before && was ? { entityId: before.issuer, saml: was } : undefined,
    input,
    read,
  );
  if (!saml.signRequests)
    return { issuer: entityId, saml: { ...saml, signingCertificate: null }, secretSealed: null };
  // The key stays as long as requests are signed: the provider has its certificate.
  const kept = was?.signingCertificate ?? null;
  if (kept !== null && before?.secret_sealed)
    return {
      issuer: entityId,
      saml: { ...saml, signingCertificate: kept },
      secretSealed: before.secret_sealed,
    };
  if (key === undefined) throw new Error('a key is made where requests come to be signed');
  return {
    issuer: entityId,
    saml: { ...saml, signingCertificate: key.certificate },
    secretSealed: sealSecret(deps.sealer, of, key.privateKey),
  };
}

/**
 * @param read what stands there, which may be written again.
 * @throws {Problem} `request.invalid` where a member is of other kinds of providers.
 */
export function checkMembers(
  kind: ConnectionKind,
  input: { [name in Foreign | 'saml']?: unknown },
  read: { [name in Foreign]?: unknown } = {},
): void {
  if (kind !== 'saml') {
    if (input.saml != null) throw fault('saml', 'is of the kind saml alone');
    return;
  }
  for (const name of FOREIGN) {
    const value = input[name];
    if (value != null && JSON.stringify(value) !== JSON.stringify(read[name]))
      throw fault(name, 'is not of the kind saml: see the member saml');
  }
}
const FOREIGN = ['issuer', 'directoryId', 'clientId', 'clientSecret', 'scopes'] as const;
type Foreign = (typeof FOREIGN)[number];

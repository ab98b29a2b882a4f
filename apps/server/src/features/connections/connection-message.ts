import type { Connection } from '@gatehouse/contracts';
import type { Config } from '../../config/index.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { isConfigured } from './platform-connections.ts';
import { factsOf } from './saml/provider-certificate.ts';

/** Where a provider sends people back to. One for each connection, so that no answer of one provider arrives at another (RFC 9700 §4.4.2). */
export const redirectUriOf = (config: Config, row: Pick<ConnectionRow, 'id' | 'scope' | 'kind'>): string =>
  row.kind === 'saml' ? `${config.publicUrl}${pathOf(row)}/acs` : callbackUrlOf(config, row);

/** Where a sign-in is finished; a SAML provider posts to another address, which sends the browser here. */
export const callbackUrlOf = (config: Config, row: Pick<ConnectionRow, 'id' | 'scope' | 'kind'>): string =>
  `${config.publicUrl}${pathOf(row)}/callback`;

/** Where our metadata for a SAML provider are; what we are called there, too. */
export const serviceMetadataUrlOf = (config: Config, row: Pick<ConnectionRow, 'id' | 'scope' | 'kind'>) =>
  `${config.publicUrl}${pathOf(row)}/metadata`;

export const signInPathOf = (row: Pick<ConnectionRow, 'id' | 'scope' | 'kind'>): string =>
  `${pathOf(row)}/login`;

const pathOf = ({ id, scope, kind }: Pick<ConnectionRow, 'id' | 'scope' | 'kind'>) =>
  scope === 'platform' ? `/api/v1/auth/${kind}` : `/api/v1/auth/connections/${id}`;

/** A connection as the API shows it: never with its secret. */
export const connectionOf = (config: Config, row: ConnectionRow): Connection => ({
  id: row.id,
  tenantId: row.tenant_id,
  scope: row.scope,
  kind: row.kind,
  name: row.name,
  status: row.status,
  issuer: row.issuer,
  clientId: row.kind === 'saml' ? serviceMetadataUrlOf(config, row) : row.settings.clientId,
  hasSecret: row.secret_sealed !== null || isConfigured(config, row),
  directoryId: row.settings.directoryId,
  scopes: row.settings.scopes,
  groupsClaim: row.settings.groupsClaim,
  roles: row.settings.roles,
  createUsers: row.settings.createUsers,
  saml: samlOf(row),
  certificates: (row.settings.saml?.certificates ?? []).map(factsOf),
  redirectUri: redirectUriOf(config, row),
  signInUrl: `${config.publicUrl}${signInPathOf(row)}`,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

function samlOf({ issuer, settings }: ConnectionRow): Connection['saml'] {
  if (settings.saml == null) return null;
  const { signingCertificate: _ours, ...saml } = settings.saml;
  return { ...saml, entityId: issuer };
}

/** What a record says of a connection: of certificates that by which one tells them apart. */
export function stateOf(row: ConnectionRow) {
  const { saml, statesTime: _learned, ...settings } = row.settings;
  return {
    kind: row.kind,
    name: row.name,
    issuer: row.issuer,
    status: row.status,
    hasSecret: row.secret_sealed !== null,
    ...settings,
    ...(saml != null && {
      ssoUrl: saml.ssoUrl,
      metadataUrl: saml.metadataUrl,
      certificates: saml.certificates.map((each) => factsOf(each).fingerprint),
      signRequests: saml.signRequests,
      subjectAttribute: saml.subjectAttribute,
      emailAttribute: saml.emailAttribute,
      nameAttribute: saml.nameAttribute,
    }),
  };
}

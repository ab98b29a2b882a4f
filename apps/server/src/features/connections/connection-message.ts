import type { Connection } from '@gatehouse/contracts';
import type { Config } from '../../config/index.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { isConfigured } from './platform-connections.ts';

/** Where a provider sends people back to. One for each connection, so that no answer of one provider arrives at another (RFC 9700 §4.4.2). */
export const redirectUriOf = (config: Config, row: Pick<ConnectionRow, 'id' | 'scope' | 'kind'>): string =>
  `${config.publicUrl}${pathOf(row)}/callback`;

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
  clientId: row.settings.clientId,
  hasSecret: row.secret_sealed !== null || isConfigured(config, row),
  directoryId: row.settings.directoryId,
  scopes: row.settings.scopes,
  groupsClaim: row.settings.groupsClaim,
  roles: row.settings.roles,
  createUsers: row.settings.createUsers,
  redirectUri: redirectUriOf(config, row),
  signInUrl: `${config.publicUrl}${signInPathOf(row)}`,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

/** What a record says of a connection. */
export const stateOf = (row: ConnectionRow) => ({
  kind: row.kind,
  name: row.name,
  issuer: row.issuer,
  status: row.status,
  hasSecret: row.secret_sealed !== null,
  ...row.settings,
});

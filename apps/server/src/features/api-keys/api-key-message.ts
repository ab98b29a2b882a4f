import type { ApiKey } from '@gatehouse/contracts';
import type { ApiKeyRow } from './api-keys.repo.ts';

/** A key as the API shows it: never more of it than its prefix and last four characters. */
export const apiKeyOf = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  tenantId: row.tenant_id,
  name: row.name,
  shownAs: row.shown_as,
  owner: {
    kind: row.client_id === null ? 'user' : 'service',
    principalId: row.owner_id,
    userId: row.user_id,
    clientId: row.client_id,
  },
  scopes: row.scopes,
  allowedAddresses: row.allowed_addresses,
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
  rotatedAt: row.rotated_at?.toISOString() ?? null,
});

/** What a record says of a key. */
export const stateOf = (row: ApiKeyRow) => ({
  name: row.name,
  key: row.shown_as,
  owner: row.owner_id,
  scopes: row.scopes,
  allowedAddresses: row.allowed_addresses,
  expiresAt: row.expires_at?.toISOString() ?? null,
});

import type { Client } from '@gatehouse/contracts';
import type { ClientRow } from './clients.repo.ts';

/** A client as the API shows it. */
export const clientOf = (row: ClientRow): Client => ({
  id: row.id,
  tenantId: row.tenant_id,
  clientId: row.client_id,
  name: row.name,
  kind: row.kind,
  tokenMode: row.token_mode,
  redirectUris: row.redirect_uris,
  origins: row.origins,
  cookieDomain: row.cookie_domain,
  status: row.status,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

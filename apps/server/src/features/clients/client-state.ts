import type { ClientRow } from './clients.repo.ts';

/** What a record says of a client. */
export const stateOf = (row: ClientRow) => ({
  clientId: row.client_id,
  name: row.name,
  kind: row.kind,
  tokenMode: row.token_mode,
  redirectUris: row.redirect_uris,
  origins: row.origins,
  cookieDomain: row.cookie_domain,
  status: row.status,
});

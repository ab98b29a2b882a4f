import type { TenantTx } from '../../platform/database/index.ts';

export interface NewClient {
  id: string;
  clientId: string;
  name: string;
  kind: string;
  tokenMode: string;
  redirectUris: string[];
  origins: string[];
  cookieDomain: string | null;
  now: Date;
}

/** Undefined when the client_id is taken, by whichever tenant. */
export function insertClient(tx: TenantTx, client: NewClient) {
  return tx
    .insertInto('clients')
    .values({
      tenant_id: tx.tenantId,
      id: client.id,
      client_id: client.clientId,
      name: client.name,
      kind: client.kind,
      token_mode: client.tokenMode,
      redirect_uris: client.redirectUris,
      origins: client.origins,
      cookie_domain: client.cookieDomain,
      created_at: client.now,
      updated_at: client.now,
    })
    .onConflict((oc) => oc.column('client_id').doNothing())
    .returningAll()
    .executeTakeFirst();
}

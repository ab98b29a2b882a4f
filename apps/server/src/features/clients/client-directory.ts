import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import { findClient } from './clients.repo.ts';

/** A client as sign-in needs it, before any tenant is known. */
export interface KnownClient {
  tenantId: TenantId;
  clientId: string;
  tokenMode: 'cookie' | 'bearer';
  origins: string[];
  cookieDomain: string | null;
}

/** Finds clients by client_id; a change in this process is seen at once, one of another process within five seconds. */
export interface ClientDirectory {
  /** @throws {Problem} `auth.client_unknown` for none and for a suspended one alike. */
  get(clientId: string): Promise<KnownClient>;
  /** After a change has been committed. */
  forget(clientId: string): void;
}

/** The client of our own pages, made at the first start. */
export const CONSOLE_CLIENT = 'console';

export function createClientDirectory(doors: Doors): ClientDirectory {
  const known = new LRUCache<string, KnownClient>({ max: 1000, ttl: 5000 });
  let changes = 0;
  return {
    async get(clientId) {
      const cached = known.get(clientId);
      if (cached) return cached;
      const asOf = changes;
      const row = await findClient(doors, clientId);
      if (row?.status !== 'active')
        throw new Problem('auth.client_unknown', { detail: 'No active client has this client_id.' });
      const client: KnownClient = {
        tenantId: row.tenant_id,
        clientId: row.client_id,
        tokenMode: row.token_mode,
        origins: row.origins,
        cookieDomain: row.cookie_domain,
      };
      // What was read before a change that has ended since is not kept.
      if (changes === asOf) known.set(clientId, client);
      return client;
    },
    forget(clientId) {
      changes += 1;
      known.delete(clientId);
    },
  };
}

import { LRUCache } from 'lru-cache';
import type { Doors } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { TenantId } from '../../platform/ids.ts';

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
  forget(clientId: string): void;
}

/** The client of our own pages, made at the first start. */
export const CONSOLE_CLIENT = 'console';

interface Row {
  tenant_id: TenantId;
  client_id: string;
  token_mode: 'cookie' | 'bearer';
  origins: string[];
  cookie_domain: string | null;
  status: string;
}

export function createClientDirectory(doors: Doors): ClientDirectory {
  const known = new LRUCache<string, KnownClient>({ max: 1000, ttl: 5000 });
  return {
    async get(clientId) {
      const cached = known.get(clientId);
      if (cached) return cached;
      const [row] = await doors.call<Row & Record<string, unknown>>(
        'select tenant_id, client_id, token_mode, origins, cookie_domain, status from gatehouse.find_client($1)',
        [clientId],
      );
      if (!row || row.status !== 'active')
        throw new Problem('auth.client_unknown', { detail: 'No active client has this client_id.' });
      const client: KnownClient = {
        tenantId: row.tenant_id,
        clientId: row.client_id,
        tokenMode: row.token_mode,
        origins: row.origins,
        cookieDomain: row.cookie_domain,
      };
      known.set(clientId, client);
      return client;
    },
    forget: (clientId) => void known.delete(clientId),
  };
}

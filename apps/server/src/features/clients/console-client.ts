import { enterOwn } from '../../platform/access/index.ts';
import type { Doors } from '../../platform/database/index.ts';
import { newId, ROOT_TENANT } from '../../platform/ids.ts';
import type { Audit } from '../audit/index.ts';
import { CONSOLE_CLIENT } from './client-directory.ts';
import { insertClient } from './clients.repo.ts';

/** The client of Gatehouse's own pages, in the root tenant, so that people of every tenant may use it. */
export function createConsoleClient(doors: Doors, audit: Audit, now: Date): Promise<void> {
  return doors.withTenant(
    enterOwn({ kind: 'system', tenantId: ROOT_TENANT, reason: 'console client' }),
    async (tx) => {
      const client = await insertClient(tx, {
        id: newId(),
        clientId: CONSOLE_CLIENT,
        name: 'Gatehouse console',
        kind: 'spa',
        tokenMode: 'cookie',
        redirectUris: [],
        origins: [],
        cookieDomain: null,
        now,
      });
      if (!client) return;
      await audit.record(tx, {
        action: 'oauth_client_created',
        actor: { kind: 'system' },
        resource: { type: 'client', id: client.id },
        after: { clientId: CONSOLE_CLIENT },
        request: undefined,
      });
    },
  );
}

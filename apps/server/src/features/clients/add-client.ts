import type { CreateClient } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkClientSettings } from './client-rules.ts';
import { stateOf } from './client-state.ts';
import { type ClientRow, insertClient } from './clients.repo.ts';

/**
 * Registers a client in the entered tenant. It starts with nothing: no permission, no origin and no address that is not named.
 *
 * @throws {Problem} `request.invalid`, `clients.client_id_in_use`
 */
export async function addClient(deps: Deps, caller: Caller, input: CreateClient): Promise<ClientRow> {
  const settings = {
    name: input.name,
    // A native app has no cookies to keep; a page should not have a token to lose.
    tokenMode: input.tokenMode ?? (input.kind === 'native' ? 'bearer' : 'cookie'),
    redirectUris: input.redirectUris ?? [],
    origins: input.origins ?? [],
    cookieDomain: input.cookieDomain ?? null,
  };
  checkClientSettings(input.kind, settings);
  const client = await deps.doors.withTenant(caller.entered, async (tx) => {
    const row = await insertClient(tx, {
      ...settings,
      id: newId(),
      clientId: input.clientId,
      kind: input.kind,
      now: deps.clock.now(),
    });
    if (!row)
      throw new Problem('clients.client_id_in_use', {
        detail: 'It names cookies and tokens everywhere: choose one that no other client has.',
      });
    await deps.audit.record(tx, {
      action: 'oauth_client_created',
      actor: actorOf(caller.principal),
      resource: { type: 'client', id: row.id },
      after: stateOf(row),
      request: caller.request,
    });
    return row;
  });
  deps.clients.forget(client.client_id);
  return client;
}

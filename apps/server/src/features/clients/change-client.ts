import type { UpdateClient } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { CONSOLE_CLIENT } from './client-directory.ts';
import { checkClientSettings } from './client-rules.ts';
import { stateOf } from './client-state.ts';
import {
  type ClientRow,
  deleteClientRow,
  endSessionsOfClient,
  lockClient,
  setClientStatus,
  updateClientRow,
} from './clients.repo.ts';

/**
 * Changes what is named; what is the same already is no change and leaves no record. The addresses are checked as they will stand
 * together.
 *
 * @throws {Problem} `resource.not_found`, `request.invalid`, `clients.built_in`
 */
export const updateClient = (
  deps: Deps,
  caller: Caller,
  id: string,
  input: UpdateClient,
): Promise<ClientRow> =>
  onClient(deps, caller, id, async (tx, before) => {
    if (input.tokenMode !== undefined || input.cookieDomain !== undefined) checkNotBuiltIn(before);
    const settings = {
      name: input.name ?? before.name,
      tokenMode: input.tokenMode ?? before.token_mode,
      redirectUris: input.redirectUris ?? before.redirect_uris,
      origins: input.origins ?? before.origins,
      cookieDomain: input.cookieDomain === undefined ? before.cookie_domain : input.cookieDomain,
    };
    checkClientSettings(before.kind, settings);
    const was = stateOf(before);
    const same = (field: keyof typeof settings) =>
      JSON.stringify(settings[field]) === JSON.stringify(was[field]);
    const changed = (Object.keys(settings) as (keyof typeof settings)[]).filter((field) => !same(field));
    if (changed.length === 0) return before;
    const after = await updateClientRow(tx, id, settings, deps.clock.now());
    await deps.audit.record(tx, {
      action: 'oauth_client_updated',
      actor: actorOf(caller.principal),
      resource: { type: 'client', id },
      before: Object.fromEntries(changed.map((field) => [field, was[field]])),
      after: Object.fromEntries(changed.map((field) => [field, settings[field]])),
      request: caller.request,
    });
    return after;
  });

/**
 * Ends every session of the client, wherever its users are at home, and lets nobody sign in by it until it is activated.
 *
 * @throws {Problem} `resource.not_found`, `clients.built_in`
 */
export const suspendClient = (deps: Deps, caller: Caller, id: string): Promise<ClientRow> =>
  onClient(deps, caller, id, async (tx, before) => {
    checkNotBuiltIn(before);
    if (before.status === 'suspended') return before;
    const now = deps.clock.now();
    const after = await setClientStatus(tx, id, 'suspended', now);
    const endedSessions = await endSessionsOfClient(tx, before.client_id, 'client suspended', now);
    await deps.audit.record(tx, {
      action: 'oauth_client_suspended',
      actor: actorOf(caller.principal),
      resource: { type: 'client', id },
      before: { status: before.status },
      after: { status: after.status, endedSessions },
      request: caller.request,
    });
    return after;
  });

/**
 * People can sign in by the client again; the sessions that its suspension ended stay ended.
 *
 * @throws {Problem} `resource.not_found`
 */
export const activateClient = (deps: Deps, caller: Caller, id: string): Promise<ClientRow> =>
  onClient(deps, caller, id, async (tx, before) => {
    if (before.status === 'active') return before;
    const after = await setClientStatus(tx, id, 'active', deps.clock.now());
    await deps.audit.record(tx, {
      action: 'oauth_client_activated',
      actor: actorOf(caller.principal),
      resource: { type: 'client', id },
      before: { status: before.status },
      after: { status: after.status },
      request: caller.request,
    });
    return after;
  });

/**
 * Ends every session of the client and removes it for good; its client_id may be taken anew.
 *
 * @throws {Problem} `resource.not_found`, `clients.built_in`
 */
export const deleteClient = (deps: Deps, caller: Caller, id: string): Promise<ClientRow> =>
  onClient(deps, caller, id, async (tx, before) => {
    checkNotBuiltIn(before);
    const now = deps.clock.now();
    const endedSessions = await endSessionsOfClient(tx, before.client_id, 'client deleted', now);
    await deleteClientRow(tx, before, now);
    await deps.audit.record(tx, {
      action: 'oauth_client_deleted',
      actor: actorOf(caller.principal),
      resource: { type: 'client', id },
      before: stateOf(before),
      after: { endedSessions },
      request: caller.request,
    });
    return before;
  });

/** One transaction on one client of the entered tenant, which this process then looks up anew. */
async function onClient(
  deps: Deps,
  { entered }: Caller,
  id: string,
  work: (tx: TenantTx, before: ClientRow) => Promise<ClientRow>,
): Promise<ClientRow> {
  const client = await deps.doors.withTenant(entered, async (tx) => {
    const before = await lockClient(tx, id);
    if (!before)
      throw new Problem('resource.not_found', { detail: 'There is no such client in this tenant.' });
    return work(tx, before);
  });
  deps.clients.forget(client.client_id);
  return client;
}

function checkNotBuiltIn(client: ClientRow): void {
  if (client.client_id === CONSOLE_CLIENT)
    throw new Problem('clients.built_in', {
      detail: 'Everybody signs in to the console by it, administrators among them.',
    });
}

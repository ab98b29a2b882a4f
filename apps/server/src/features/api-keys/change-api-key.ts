import type { ApiKey, NewApiKey, UpdateApiKey } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { issueApiKey } from './api-key.ts';
import { untilForgotten } from '../../platform/brief-memory.ts';
import { apiKeyOf, stateOf } from './api-key-message.ts';
import { checkMayHold, readEnd, readRanges } from './api-key-rules.ts';
import {
  type ApiKeyRow,
  deleteApiKey,
  loadApiKey,
  lockApiKey,
  replaceApiKey,
  updateApiKeyRow,
} from './api-keys.repo.ts';

/**
 * Another text under the same id, name and scopes, shown this once; the one before opens nothing any more, anywhere, when this is
 * answered.
 *
 * @throws {Problem} `resource.not_found`, `api_keys.not_own`, `access.grant_exceeds_own`
 */
export async function rotateApiKey(deps: Deps, caller: Caller, id: string): Promise<NewApiKey> {
  const fresh = issueApiKey(deps.config.apiKeyPrefix);
  const after = await onApiKey(deps, caller, id, async (tx, before) => {
    const now = deps.clock.now();
    await checkMayHold(tx, caller.principal, before, now);
    await replaceApiKey(tx, id, { ...fresh, now });
    const row = await reload(tx, id);
    await deps.audit.record(tx, {
      action: 'api_key_rotated',
      actor: actorOf(caller.principal),
      resource: { type: 'api_key', id },
      before: { key: before.shown_as },
      after: { key: row.shown_as },
      request: caller.request,
    });
    return row;
  });
  await untilForgotten();
  return { ...apiKeyOf(after), key: fresh.text };
}

/**
 * Changes what is named; what is the same already is no change and leaves no record. What was narrowed is so everywhere when this is
 * answered.
 *
 * @throws {Problem} `resource.not_found`, `api_keys.not_own`, `access.grant_exceeds_own`, `request.invalid`
 */
export async function updateApiKey(
  deps: Deps,
  caller: Caller,
  id: string,
  input: UpdateApiKey,
): Promise<ApiKey> {
  const now = deps.clock.now();
  let isChanged = false;
  const after = await onApiKey(deps, caller, id, async (tx, before) => {
    await checkMayHold(tx, caller.principal, before, now);
    const { name = before.name, allowedAddresses, expiresAt } = input;
    const wanted = {
      name,
      allowed_addresses: allowedAddresses ? readRanges(allowedAddresses) : before.allowed_addresses,
      expires_at: expiresAt === undefined ? before.expires_at : readEnd(expiresAt, now),
    };
    await checkMayHold(tx, caller.principal, { ...before, ...wanted }, now);
    const [was, is] = [stateOf(before), stateOf({ ...before, ...wanted })];
    if (JSON.stringify(was) === JSON.stringify(is)) return before;
    isChanged = true;
    await updateApiKeyRow(tx, id, wanted, now);
    await deps.audit.record(tx, {
      action: 'api_key_updated',
      actor: actorOf(caller.principal),
      resource: { type: 'api_key', id },
      before: was,
      after: is,
      request: caller.request,
    });
    return reload(tx, id);
  });
  if (isChanged) await untilForgotten();
  return apiKeyOf(after);
}

/**
 * Takes a key out of the world. It is refused everywhere from the next request on, when this is answered.
 *
 * @throws {Problem} `resource.not_found`
 */
export async function revokeApiKey(deps: Deps, caller: Caller, id: string): Promise<void> {
  await onApiKey(deps, caller, id, async (tx, before) => {
    await deleteApiKey(tx, id);
    await deps.audit.record(tx, {
      action: 'api_key_deleted',
      actor: actorOf(caller.principal),
      resource: { type: 'api_key', id },
      before: stateOf(before),
      request: caller.request,
    });
    return before;
  });
  await untilForgotten();
}

function onApiKey(
  deps: Deps,
  { entered }: Caller,
  id: string,
  work: (tx: TenantTx, before: ApiKeyRow) => Promise<ApiKeyRow>,
): Promise<ApiKeyRow> {
  return deps.doors.withTenant(entered, async (tx) => {
    const before = await lockApiKey(tx, id);
    if (!before)
      throw new Problem('resource.not_found', { detail: 'There is no such API key in this tenant.' });
    return work(tx, before);
  });
}

async function reload(tx: TenantTx, id: string): Promise<ApiKeyRow> {
  const row = await loadApiKey(tx, id);
  if (!row) throw new Error('a key that is held is not there');
  return row;
}

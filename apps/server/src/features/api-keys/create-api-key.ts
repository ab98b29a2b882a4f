import type { CreateApiKey, NewApiKey } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Person } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { issueApiKey } from './api-key.ts';
import { apiKeyOf, stateOf } from './api-key-message.ts';
import { checkScopes, readEnd, readRanges } from './api-key-rules.ts';
import { insertApiKey, isService, loadApiKey } from './api-keys.repo.ts';

/**
 * Makes an API key of the caller's own, or of a service of the tenant. It starts with the scopes that are named and nothing else, and
 * its text is in this answer and nowhere else.
 *
 * @throws {Problem} `request.invalid`, `access.grant_exceeds_own`, `resource.not_found` for a service that is not there,
 *   `api_keys.elsewhere` for a key of one's own in a tenant that one only administers
 */
export async function createApiKey(deps: Deps, caller: Person, input: CreateApiKey): Promise<NewApiKey> {
  const { principal, entered, request } = caller;
  const now = deps.clock.now();
  const scopes = input.scopes ?? [];
  const allowedAddresses = readRanges(input.allowedAddresses ?? []);
  const expiresAt = readEnd(input.expiresAt, now);
  if (input.serviceId === undefined && entered.tenantId !== principal.tenantId)
    throw new Problem('api_keys.elsewhere', {
      detail: 'You are no member of this tenant: name the service that the key is for.',
    });
  const fresh = issueApiKey(deps.config.apiKeyPrefix);
  const id = newId();
  return deps.doors.withTenant(entered, async (tx) => {
    if (input.serviceId !== undefined && !(await isService(tx, input.serviceId)))
      throw new Problem('resource.not_found', { detail: 'There is no such service in this tenant.' });
    await checkScopes(tx, principal, { scopes, ofService: input.serviceId !== undefined, expiresAt }, now);
    await insertApiKey(tx, {
      id,
      ownerId: input.serviceId ?? principal.principalId,
      name: input.name,
      hash: fresh.hash,
      shownAs: fresh.shownAs,
      scopes,
      allowedAddresses,
      createdBy: principal.principalId,
      expiresAt,
      now,
    });
    const row = await loadApiKey(tx, id);
    if (!row) throw new Error('a key that was made is not there');
    await deps.audit.record(tx, {
      action: 'api_key_created',
      actor: actorOf(principal),
      resource: { type: 'api_key', id },
      after: stateOf(row),
      request,
    });
    return { ...apiKeyOf(row), key: fresh.text };
  });
}

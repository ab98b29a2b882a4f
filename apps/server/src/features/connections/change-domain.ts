import type { CreateTenantDomain, UpdateTenantDomain } from '@gatehouse/contracts';
import type { EnteredTenant } from '../../platform/access/index.ts';
import { randomSecret } from '../../platform/crypto/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { unknownConnection } from './change-connection.ts';
import { loadConnection } from './connections.repo.ts';
import { recordOf } from './domain-challenge.ts';
import {
  deleteDomainRow,
  type DomainRow,
  insertDomain,
  loadDomain,
  lockDomain,
  setDomainConnection,
  setDomainVerified,
} from './domains.repo.ts';

/**
 * Says that a domain is the tenant's own. It counts for nothing until `verifyDomain` has found the record.
 *
 * @throws {Problem} `domains.exists`, `resource.not_found` for a connection of nobody
 */
export const addDomain = (deps: Deps, caller: Caller, input: CreateTenantDomain): Promise<DomainRow> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    const connectionId = input.connectionId ?? null;
    await checkConnection(tx, connectionId);
    const row = await insertDomain(tx, {
      id: newId(),
      domain: input.domain,
      // Of this tenant alone: the record of one proves nothing for another.
      challenge: randomSecret(16).toString('hex'),
      connectionId,
      now: deps.clock.now(),
    });
    if (!row) throw new Problem('domains.exists', { detail: 'Look at the list: it may wait to be proved.' });
    await deps.audit.record(tx, {
      action: 'domain_added',
      actor: actorOf(caller.principal),
      resource: { type: 'domain', id: row.id },
      after: { domain: row.domain, connection: connectionId },
      request: caller.request,
    });
    return row;
  });

/** @throws {Problem} `resource.not_found` */
export async function getDomain(deps: Deps, entered: EnteredTenant, id: string): Promise<DomainRow> {
  const row = await deps.doors.withTenant(entered, (tx) => loadDomain(tx, id));
  if (!row) throw unknownDomain();
  return row;
}

/**
 * Looks for the record that proves the domain.
 *
 * SECURITY: of two tenants that prove one domain the database lets one have it; the address of a person decides by it which tenant
 * they may become a user of (threat 4).
 *
 * @throws {Problem} `resource.not_found`, `domains.not_proved`, `domains.in_use`
 */
export async function verifyDomain(deps: Deps, caller: Caller, id: string): Promise<DomainRow> {
  const asked = await getDomain(deps, caller.entered, id);
  if (asked.verified_at !== null) return asked;
  const { name, value } = recordOf(asked);
  const found = await deps.dns.resolveTxt(name).catch((cause: unknown) => {
    throw new Problem('domains.not_proved', { detail: `${name} could not be looked up: try again.`, cause });
  });
  if (!found.some((parts) => parts.join('') === value))
    throw new Problem('domains.not_proved', {
      detail: `Add the TXT record ${name} with the value ${value}, give it some minutes, and try again.`,
    });
  return deps.doors.withTenant(caller.entered, async (tx) => {
    const before = await lockDomain(tx, id);
    if (!before) throw unknownDomain();
    if (before.verified_at !== null) return before;
    const row = await setDomainVerified(tx, id, deps.clock.now());
    if (!row)
      throw new Problem('domains.in_use', {
        detail: 'Remove it there, or ask the operator of the platform whose it is.',
      });
    await deps.audit.record(tx, {
      action: 'domain_verified',
      actor: actorOf(caller.principal),
      resource: { type: 'domain', id },
      after: { domain: row.domain },
      request: caller.request,
    });
    return row;
  });
}

/**
 * Sends the people of the domain to a connection, or to none.
 *
 * @throws {Problem} `resource.not_found`
 */
export const updateDomain = (
  deps: Deps,
  caller: Caller,
  id: string,
  { connectionId }: UpdateTenantDomain,
): Promise<DomainRow> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    const before = await lockDomain(tx, id);
    if (!before) throw unknownDomain();
    await checkConnection(tx, connectionId);
    if (before.connection_id === connectionId) return before;
    const row = await setDomainConnection(tx, id, connectionId);
    await deps.audit.record(tx, {
      action: 'domain_updated',
      actor: actorOf(caller.principal),
      resource: { type: 'domain', id },
      before: { connection: before.connection_id },
      after: { connection: connectionId },
      request: caller.request,
    });
    return row;
  });

/** @throws {Problem} `resource.not_found` */
export const removeDomain = (deps: Deps, caller: Caller, id: string): Promise<void> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    const before = await lockDomain(tx, id);
    if (!before) throw unknownDomain();
    await deleteDomainRow(tx, id);
    await deps.audit.record(tx, {
      action: 'domain_removed',
      actor: actorOf(caller.principal),
      resource: { type: 'domain', id },
      before: { domain: before.domain, verified: before.verified_at !== null },
      request: caller.request,
    });
  });

async function checkConnection(tx: TenantTx, id: string | null): Promise<void> {
  if (id === null) return;
  // One of the platform serves whoever comes; a domain is sent to the tenant's own.
  const row = await loadConnection(tx, id);
  if (row?.scope !== 'tenant') throw unknownConnection();
}

const unknownDomain = () =>
  new Problem('resource.not_found', { detail: 'There is no such domain in this tenant.' });

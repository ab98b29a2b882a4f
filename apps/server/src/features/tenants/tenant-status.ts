import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { endAllSessions, endGuestSessions, lockGuestSessions } from '../sessions/index.ts';
import { freeAddresses, hasCustomers, lockEntered, setStatus, type TenantRow } from './tenants.repo.ts';

/**
 * Suspends the entered tenant: the sessions of its users end, and so do those with which guests work in it.
 * Everything is kept. Suspending a suspended tenant changes nothing.
 *
 * @throws {Problem} `tenants.root_fixed`
 */
export const suspendTenant = (deps: Deps, caller: Caller): Promise<TenantRow> =>
  inTenant(deps, caller, async (tx, before) => {
    if (before.status === 'suspended') return before;
    const now = deps.clock.now();
    const after = await setStatus(tx, 'suspended', now);
    const ofUsers = await endAllSessions(tx, 'tenant suspended', now);
    const ofGuests = await endGuestSessions(tx, null, 'tenant suspended', now);
    const endedSessions = ofUsers + ofGuests;
    await record(deps, tx, caller, { action: 'tenant_suspended', before, after, endedSessions });
    return after;
  });

/** Lets the users of the entered tenant sign in again. The sessions that the suspension ended stay ended. */
export const activateTenant = (deps: Deps, caller: Caller): Promise<TenantRow> =>
  inTenant(deps, caller, async (tx, before) => {
    if (before.status === 'active') return before;
    const after = await setStatus(tx, 'active', deps.clock.now());
    await record(deps, tx, caller, { action: 'tenant_activated', before, after });
    return after;
  });

/**
 * Deletes the entered tenant for good: it stays as a tombstone under its slug, so that nobody can take its place, and the
 * addresses of its users are free. It must be suspended before, so that one slip deletes nothing.
 *
 * @throws {Problem} `tenants.root_fixed`, `tenants.not_suspended`, `tenants.has_customers`
 */
export const deleteTenant = (deps: Deps, caller: Caller): Promise<TenantRow> =>
  inTenant(deps, caller, async (tx, before) => {
    if (before.status !== 'suspended')
      throw new Problem('tenants.not_suspended', {
        detail: 'Suspend it first: that ends its sessions and can be undone.',
      });
    if (await hasCustomers(tx))
      throw new Problem('tenants.has_customers', { detail: 'Delete the customers below it first.' });
    const now = deps.clock.now();
    const after = await setStatus(tx, 'deleted', now);
    const endedSessions = await endAllSessions(tx, 'tenant deleted', now);
    const freedAddresses = await freeAddresses(tx);
    await record(deps, tx, caller, {
      action: 'tenant_deleted',
      before,
      after,
      endedSessions,
      freedAddresses,
    });
    return after;
  });

function inTenant(
  deps: Deps,
  { entered }: Caller,
  work: (tx: TenantTx, before: TenantRow) => Promise<TenantRow>,
): Promise<TenantRow> {
  if (entered.tenantId === ROOT_TENANT)
    throw new Problem('tenants.root_fixed', { detail: 'Everything else hangs on the root tenant.' });
  return deps.doors.withTenant(entered, async (tx) => {
    await lockGuestSessions(tx);
    return work(tx, await lockEntered(tx));
  });
}

interface Change {
  action: 'tenant_suspended' | 'tenant_activated' | 'tenant_deleted';
  before: TenantRow;
  after: TenantRow;
  endedSessions?: number;
  freedAddresses?: number;
}

function record(deps: Deps, tx: TenantTx, caller: Caller, change: Change): Promise<void> {
  const { action, before, after, ...counts } = change;
  return deps.audit.record(tx, {
    action,
    actor: actorOf(caller.principal),
    resource: { type: 'tenant', id: after.id },
    before: { status: before.status },
    after: { status: after.status, ...counts },
    request: caller.request,
  });
}

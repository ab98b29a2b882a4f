import type { Service, ServiceCalls, UpdateService } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import { actorOf, type AuditEntry } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { presentServices, stateOf } from './service-message.ts';
import {
  countServices,
  deleteServiceRow,
  listCallees,
  loadService,
  lockService,
  renameServiceRow,
  replaceCallees,
  type ServiceRow,
  setServiceStatus,
} from './services.repo.ts';

/** @throws {Problem} `resource.not_found` */
export const updateService = (deps: Deps, caller: Caller, id: string, { name }: UpdateService) =>
  onService(deps, caller, id, async (tx, before) => {
    if (name === before.name) return undefined;
    await renameServiceRow(tx, id, name, deps.clock.now());
    return { action: 'service_updated', before: { name: before.name }, after: { name } };
  });

/**
 * Refuses its tokens and gives it none, until it is activated. Its keys stop with it.
 *
 * @throws {Problem} `resource.not_found`
 */
export const suspendService = (deps: Deps, caller: Caller, id: string) =>
  setStatus(deps, caller, id, 'suspended');

/** @throws {Problem} `resource.not_found` */
export const activateService = (deps: Deps, caller: Caller, id: string) =>
  setStatus(deps, caller, id, 'active');

const setStatus = (deps: Deps, caller: Caller, id: string, status: 'active' | 'suspended') =>
  onService(deps, caller, id, async (tx, before) => {
    if (before.status === status) return undefined;
    await setServiceStatus(tx, before, status, deps.clock.now());
    return {
      action: status === 'active' ? 'service_activated' : 'service_suspended',
      before: { status: before.status },
      after: { status },
    };
  });

/**
 * Takes a service out of the world, with its secrets, keys, roles and its place in the map; its client_id may be taken anew.
 *
 * @throws {Problem} `resource.not_found`
 */
export const deleteService = (deps: Deps, caller: Caller, id: string): Promise<void> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    const before = await hold(tx, id);
    await deleteServiceRow(tx, before, deps.clock.now());
    await tellAccessChanged(tx, deps.clock.now());
    await deps.audit.record(tx, {
      action: 'service_deleted',
      actor: actorOf(caller.principal),
      resource: { type: 'service', id },
      before: stateOf(before),
      request: caller.request,
    });
  });

/** Whom a service may call. @throws {Problem} `resource.not_found` */
export const getCalls = (deps: Deps, caller: Caller, id: string): Promise<ServiceCalls> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    if (!(await loadService(tx, id))) throw unknownService();
    return { mayCall: await calleesOf(tx, id) };
  });

/**
 * Says whom a service may call: that and nothing else. It counts for tokens that are asked for from now on, and in every bundle.
 *
 * @throws {Problem} `resource.not_found` for the service and for any that it is to call
 */
export const changeCalls = (
  deps: Deps,
  caller: Caller,
  id: string,
  { mayCall }: ServiceCalls,
): Promise<ServiceCalls> =>
  deps.doors.withTenant(caller.entered, async (tx) => {
    await hold(tx, id);
    if ((await countServices(tx, mayCall)) !== mayCall.length)
      throw new Problem('resource.not_found', { detail: 'One of them is no service of this tenant.' });
    const before = await calleesOf(tx, id);
    const after = [...mayCall].sort();
    if (before.join() === after.join()) return { mayCall: before };
    await replaceCallees(tx, id, after, deps.clock.now());
    await tellAccessChanged(tx, deps.clock.now());
    await deps.audit.record(tx, {
      action: 'service_calls_changed',
      actor: actorOf(caller.principal),
      resource: { type: 'service', id },
      before: { mayCall: before },
      after: { mayCall: after },
      request: caller.request,
    });
    return { mayCall: after };
  });

const calleesOf = async (tx: TenantTx, id: string) => (await listCallees(tx, id)).map((callee) => callee.id);

/** One transaction on one service of the entered tenant; `work` says what is to be put on record, or that nothing changed. */
function onService(
  deps: Deps,
  caller: Caller,
  id: string,
  work: (
    tx: TenantTx,
    before: ServiceRow,
  ) => Promise<Pick<AuditEntry, 'action' | 'before' | 'after'> | undefined>,
): Promise<Service> {
  return deps.doors.withTenant(caller.entered, async (tx) => {
    const entry = await work(tx, await hold(tx, id));
    if (entry)
      await deps.audit.record(tx, {
        ...entry,
        actor: actorOf(caller.principal),
        resource: { type: 'service', id },
        request: caller.request,
      });
    const row = await loadService(tx, id);
    const of = { publicUrl: deps.config.publicUrl, now: deps.clock.now() };
    const [service] = row ? await presentServices(tx, [row], of) : [];
    if (!service) throw unknownService();
    return service;
  });
}

async function hold(tx: TenantTx, id: string): Promise<ServiceRow> {
  const row = await lockService(tx, id);
  if (!row) throw unknownService();
  return row;
}

export const unknownService = () =>
  new Problem('resource.not_found', { detail: 'There is no such service in this tenant.' });

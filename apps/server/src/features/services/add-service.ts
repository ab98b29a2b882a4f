import type { CreateService, NewService } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import { newId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { presentServices, stateOf } from './service-message.ts';
import { issueServiceSecret } from './service-secret.ts';
import { insertSecret, insertService, loadService } from './services.repo.ts';

/**
 * Registers a service in the entered tenant, with its first secret. It starts with nothing: no role, and nobody whom it may call.
 *
 * @throws {Problem} `clients.client_id_in_use`
 */
export function addService(deps: Deps, caller: Caller, input: CreateService): Promise<NewService> {
  const secret = issueServiceSecret();
  const now = deps.clock.now();
  const id = newId();
  return deps.doors.withTenant(caller.entered, async (tx) => {
    if (!(await insertService(tx, { ...input, id, now })))
      throw new Problem('clients.client_id_in_use', { detail: 'Choose another clientId.' });
    await insertSecret(tx, { id: newId(), serviceId: id, hash: secret.hash, now });
    const row = await loadService(tx, id);
    if (!row) throw new Error('a service that was made is not there');
    await deps.audit.record(tx, {
      action: 'service_created',
      actor: actorOf(caller.principal),
      resource: { type: 'service', id },
      after: stateOf(row),
      request: caller.request,
    });
    const [service] = await presentServices(tx, [row], { publicUrl: deps.config.publicUrl, now });
    if (!service) throw new Error('a service that was made is not shown');
    return { ...service, clientSecret: secret.text };
  });
}

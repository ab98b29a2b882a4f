import type { UpdateTenant } from '@gatehouse/contracts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { lockEntered, type TenantRow, updateEntered } from './tenants.repo.ts';

/**
 * Changes name and slug of the entered tenant. What is the same already is no change and leaves no record.
 *
 * @throws {Problem} `tenants.slug_in_use`
 */
export function updateTenant(deps: Deps, caller: Caller, input: UpdateTenant): Promise<TenantRow> {
  return deps.doors.withTenant(caller.entered, async (tx) => {
    const before = await lockEntered(tx);
    const change = {
      ...(input.name !== undefined && input.name !== before.name && { name: input.name }),
      ...(input.slug !== undefined && input.slug !== before.slug && { slug: input.slug }),
    };
    const changed = Object.keys(change) as (keyof typeof change)[];
    if (changed.length === 0) return before;
    const after = await updateEntered(tx, change, deps.clock.now());
    await deps.audit.record(tx, {
      action: 'tenant_updated',
      actor: actorOf(caller.principal),
      resource: { type: 'tenant', id: after.id },
      before: Object.fromEntries(changed.map((field) => [field, before[field]])),
      after: Object.fromEntries(changed.map((field) => [field, after[field]])),
      request: caller.request,
    });
    return after;
  });
}

import type { CreateTenant } from '@gatehouse/contracts';
import { inNewTenant } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { actorOf, type AuditEntry } from '../audit/index.ts';
import { type Caller, recordDenied } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { insertTenant, loadEntered, slugInUse, type TenantRow } from './tenants.repo.ts';

/**
 * Opens a tenant below the caller's own: the platform opens customers and partners, a partner opens customers (spec T2, T4).
 * The record of it stands in both tenants.
 *
 * @throws {Problem} `access.denied`, `tenants.not_a_partner`, `tenants.slug_in_use`
 */
export async function openTenant(deps: Deps, caller: Caller, input: CreateTenant): Promise<TenantRow> {
  const { principal, entered, request } = caller;
  await checkMayOpen(deps, caller, input.type as 'customer' | 'partner');
  return deps.doors.withTenant(entered, async (tx) => {
    const tenant = await insertTenant(tx, {
      name: input.name,
      type: input.type as 'customer' | 'partner',
      slug: input.slug ?? null,
      now: deps.clock.now(),
    });
    if (!tenant) throw slugInUse();
    const entry: AuditEntry = {
      action: 'tenant_created',
      actor: actorOf(principal),
      resource: { type: 'tenant', id: tenant.id },
      after: { name: tenant.name, type: tenant.type, slug: tenant.slug, parent: tenant.parent_id },
      request,
    };
    await deps.audit.record(tx, entry);
    await inNewTenant(tx, tenant.id as TenantId, (inside) => deps.audit.record(inside, entry));
    return tenant;
  });
}

/** The route asks for one of two permissions; which of them it takes depends on who opens what. */
async function checkMayOpen(deps: Deps, caller: Caller, type: 'customer' | 'partner'): Promise<void> {
  const { principal, entered } = caller;
  const inRoot = entered.tenantId === ROOT_TENANT;
  // SECURITY: `tenants:create` means something in the root tenant only, however a role came to hold it.
  if (inRoot && principal.permissions.has('tenants:create')) return;
  const needed = type === 'partner' ? 'tenants:create' : 'customers:create';
  const missing = type === 'partner' || !principal.permissions.has(needed);
  const parentType = await deps.doors.withTenant(entered, async (tx) => {
    if (missing) {
      const resource = { type: 'tenant', id: tx.tenantId };
      await recordDenied(deps, caller, { permission: needed, resource }, tx);
    }
    return (await loadEntered(tx)).type;
  });
  if (missing)
    throw new Problem('access.denied', {
      detail: `Opening a ${type} takes ${needed}${type === 'partner' ? ' in the root tenant' : ''}.`,
      missingPermission: needed,
    });
  if (!inRoot && parentType !== 'partner')
    throw new Problem('tenants.not_a_partner', {
      detail: 'Your tenant is a customer and has no customers of its own; ask the operator of the platform.',
    });
}

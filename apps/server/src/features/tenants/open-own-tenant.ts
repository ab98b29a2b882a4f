import { getSystemRole } from '@gatehouse/contracts';
import { inNewTenant, type TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { PrincipalId, TenantId, UserId } from '../../platform/ids.ts';
import type { AuditEntry } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { grantFirstRole } from '../roles/index.ts';
import { insertTenant } from './tenants.repo.ts';

/** The first user of a tenant of their own, as `addUser` has put them there. */
interface First {
  id: UserId;
  principalId: PrincipalId;
  email: string;
}

/**
 * Opens a tenant of one's own with its first administrator, for whoever has proved an address (spec W11), and goes on inside of it.
 * From the root tenant; whatever throws leaves no tenant behind.
 */
export async function openOwnTenant<T>(
  deps: Deps,
  tx: TenantTx,
  { name, addUser }: { name: string; addUser: (inside: TenantTx) => Promise<First> },
  request: RequestContext,
  work: (inside: TenantTx, user: First, actor: AuditEntry['actor']) => Promise<T>,
): Promise<T> {
  const now = deps.clock.now();
  const tenant = await insertTenant(tx, { name, type: 'customer', slug: null, now });
  if (!tenant) throw new Error('a tenant without a slug cannot clash');
  return inNewTenant(tx, tenant.id as TenantId, async (inside) => {
    const user = await addUser(inside);
    if (!(await grantFirstRole(inside, user.principalId, getSystemRole('admin').id, 'registration', now)))
      throw new Error('a new tenant with an administrator');
    const actor = { kind: 'user', id: user.id, tenantId: inside.tenantId, email: user.email } as const;
    await deps.audit.record(inside, {
      action: 'tenant_created',
      actor,
      resource: { type: 'tenant', id: tenant.id },
      after: { name: tenant.name, type: tenant.type },
      request,
    });
    await deps.audit.record(inside, {
      action: 'role_assigned',
      actor,
      resource: { type: 'principal', id: user.principalId },
      after: { role: 'admin', via: 'registration' },
      request,
    });
    return work(inside, user, actor);
  });
}

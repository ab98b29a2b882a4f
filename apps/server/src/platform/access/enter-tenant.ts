import type { Doors, Entered } from '../database/index.ts';
import { isUuid, ROOT_TENANT, type TenantId } from '../ids.ts';
import { Problem } from '../http/problem.ts';
import { ENTERING } from './entering.ts';
import type { CallingPrincipal, Principal } from './principal.ts';
import { isMember, loadTenant } from './tenants.repo.ts';

/** How a principal came to be in a tenant. */
export type EnteredVia = 'own' | 'parent' | 'platform';
export type EnteredTenant = Entered & { readonly via: EnteredVia };

/**
 * The only way into a tenant: every door takes what this returns.
 *
 * - `own`: the tenant of the session, the link or the job.
 * - `platform`: any tenant, for a principal of the root tenant who may at least look (`tenants:read`).
 * - `parent`: a customer that the principal's tenant, a partner, brought, likewise (`customers:read`).
 *
 * A member who asks to work elsewhere gets in where the membership and the tenant stand, and then as its `own`: what the present
 * session may in the tenant that it works in opens nothing there.
 *
 * SECURITY: whoever may only look is in, so that a refusal can say what is missing; the access hook asks for what the route
 * takes (`entering`) before anything is done.
 *
 * @throws {Problem} `resource.not_found` for everything else, whether the tenant exists or not.
 */
export async function enterTenant(
  principal: Principal,
  tenantId: string,
  doors: Doors,
): Promise<EnteredTenant> {
  if (tenantId === principal.tenantId) return enterOwn(principal);
  if (principal.kind === 'member' && isUuid(tenantId) && (await isMember(doors, principal, tenantId)))
    return entered(tenantId as TenantId, principal, 'own');
  if (isCalling(principal) && isUuid(tenantId)) {
    const target = await loadTenant(doors, tenantId);
    if (target !== undefined && target.status !== 'deleted') {
      const mayLook = (way: keyof typeof ENTERING) =>
        ENTERING[way].look.some((permission) => principal.permissions.has(permission));
      if (principal.tenantId === ROOT_TENANT && mayLook('platform')) {
        return entered(target.id, principal, 'platform');
      }
      // SECURITY: the root tenant brought nobody; an ordinary administrator there is no administrator of those who registered.
      const brought = target.parent_id === principal.tenantId && principal.tenantId !== ROOT_TENANT;
      if (brought && mayLook('parent')) {
        return entered(target.id, principal, 'parent');
      }
    }
  }
  // SECURITY: the same answer for a tenant of somebody else and for none at all.
  throw new Problem('resource.not_found', { detail: 'There is no such tenant for you.' });
}

/** The principal's own tenant, which needs no look-up. */
export const enterOwn = (principal: Principal): EnteredTenant =>
  entered(principal.tenantId, principal, 'own');

/**
 * The home of somebody who goes to work in a tenant that was entered: sessions lie there, and the record of it stands in both.
 */
export const enterHomeFrom = (inside: EnteredTenant): EnteredTenant => ({
  ...inside,
  tenantId: inside.subjectTenantId,
  actorTenantId: inside.tenantId,
});

const entered = (tenantId: TenantId, principal: Principal, via: EnteredVia) =>
  ({
    tenantId,
    actorTenantId: principal.kind === 'claim' ? homeOf(principal) : principal.tenantId,
    subjectTenantId: homeOf(principal),
    via,
  }) as EnteredTenant;

/** Where the person is at home who acts, whose key seals what records say of them: behind an API key, its owner. */
export function homeOf(principal: Principal): TenantId {
  const person = principal.kind === 'api_key' ? principal.owner : principal;
  return ('homeTenantId' in person ? person.homeTenantId : undefined) ?? principal.tenantId;
}

const isCalling = (principal: Principal): principal is CallingPrincipal =>
  principal.kind === 'user' || principal.kind === 'service' || principal.kind === 'api_key';

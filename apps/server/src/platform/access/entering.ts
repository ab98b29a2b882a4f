import { isReadPermission } from '@gatehouse/contracts';
import type { AnyOf, UserAccess } from './access.ts';
import type { EnteredVia } from './enter-tenant.ts';

/** What for: to act inside, or only to look. */
type Purpose = 'operate' | 'look';

/** Any one of these lets a principal into a tenant that is not its own. */
export const ENTERING = {
  parent: { look: ['customers:read', 'customers:operate'], operate: ['customers:operate'] },
  platform: {
    look: ['tenants:read', 'tenants:operate', 'tenant_bundles:read'],
    operate: ['tenants:operate'],
  },
} as const satisfies Record<Exclude<EnteredVia, 'own'>, Record<Purpose, AnyOf>>;

/** What the platform reads of other tenants without acting there: their own rows, and what services decide by. */
const LOOKING: AnyOf = ['tenants:read', 'tenant_bundles:read'];

/** A route as it was declared, with its method. */
export interface NamedRoute {
  readonly method: string;
  readonly url: string;
}

/** What a route takes for entering the tenant that its path names, beside the permission that it asks itself. */
export function entering(route: NamedRoute, access: UserAccess, via: EnteredVia): AnyOf {
  if (via === 'own' || !route.url.includes('/:tenantId')) return [];
  return ENTERING[via][purposeOf(route, access, via)];
}

/**
 * A partner's readers read in its customers what they read at home (spec R1: `admin_viewer` reads what `admin` reads). In
 * other tenants of the platform no `admin` reads anything; there, `tenants:read` opens the tenant's own row and nothing inside.
 */
function purposeOf({ method }: NamedRoute, { anyOf }: UserAccess, via: 'parent' | 'platform'): Purpose {
  const asked = anyOf[via];
  const isReading = method === 'GET' || method === 'HEAD';
  // SECURITY: an export is a GET as well, and so would be a route that asks for nothing.
  if (!isReading || asked.length === 0 || !asked.every(isReadPermission)) return 'operate';
  return via === 'parent' || asked.some((permission) => LOOKING.includes(permission)) ? 'look' : 'operate';
}

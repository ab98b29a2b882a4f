import {
  FEATURE_PERMISSIONS,
  type FeatureName,
  getSystemRole,
  isSystemRoleName,
  type TenantSettings,
} from '@gatehouse/contracts';

/** What a principal carries of its roles (docs/adr/0021). */
export interface CarriedRoles {
  /** Names of all of them. */
  role_names: readonly string[];
  /** What those hold that are the tenant's own. */
  tenant_permissions: readonly string[];
}

type Features = TenantSettings['features'];
const setsByRoles = new Map<string, ReadonlySet<string>>();

/**
 * What the roles of a principal open. Built-in roles are immutable in a release: the union of a combination of them is made once. What
 * belongs to a feature that the tenant does not have is held by nobody there, whatever the roles (spec T5).
 */
export function permissionsOf(carried: CarriedRoles, features: Features): ReadonlySet<string> {
  const without = FEATURES.filter((name) => !features[name]);
  // Own roles have no place in the key: there are more of them than are worth remembering.
  const names = carried.role_names.filter(isSystemRoleName);
  const key = `${names.join(' ')} - ${without.join(' ')}`;
  let builtIn = setsByRoles.get(key);
  if (builtIn === undefined) {
    builtIn = less(
      names.flatMap((name) => getSystemRole(name).permissions),
      without,
    );
    if (setsByRoles.size < 1000) setsByRoles.set(key, builtIn);
  }
  return carried.tenant_permissions.length === 0
    ? builtIn
    : new Set([...builtIn, ...less(carried.tenant_permissions, without)]);
}

const FEATURES = Object.keys(FEATURE_PERMISSIONS) as FeatureName[];

function less(permissions: readonly string[], without: readonly FeatureName[]): Set<string> {
  const missing = new Set<string>(without.flatMap((name) => FEATURE_PERMISSIONS[name]));
  return new Set(permissions.filter((permission) => !missing.has(permission)));
}

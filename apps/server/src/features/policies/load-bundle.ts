import { FEATURE_PERMISSIONS, type FeatureName, type TenantSettings } from '@gatehouse/contracts';
import type { Bundle, BundleTenant, PolicyVersion } from '@gatehouse/decisions';
import type { TenantTx } from '../../platform/database/index.ts';
import { canonicalJson, sha256 } from '../../platform/crypto/index.ts';
import type { Deps } from '../deps.ts';
import { listRolesWithPermissions, loadTenantOfBundle } from './bundle.repo.ts';
import { loadCatalog } from './load-catalog.ts';
import { loadServices } from './services.repo.ts';
import { documentOf, listPlaced, type Place } from './policies.repo.ts';

/** All that decisions of the entered tenant depend on, as it stands now. Its version is a hash of the rest: the same is called the same. */
export async function loadBundle(deps: Pick<Deps, 'tenantRules'>, tx: TenantTx): Promise<Bundle> {
  const { features } = await deps.tenantRules.within(tx);
  const tenant = await loadTenantOfBundle(tx);
  const content = {
    tenant: { id: tenant.id, slug: tenant.slug, type: tenant.type as BundleTenant['type'] },
    roles: withoutMissing(await listRolesWithPermissions(tx), features),
    policies: await placed(tx, 'in_force'),
    shadow: await placed(tx, 'shadow'),
    catalog: await loadCatalog(tx),
    services: await loadServices(tx),
  };
  return { ...content, version: sha256(canonicalJson(content)).toString('base64url').slice(0, 22) };
}

async function placed(tx: TenantTx, place: Place): Promise<PolicyVersion[]> {
  const rows = await listPlaced(tx, place);
  return rows.map(({ id, name, version, document }) => ({
    id,
    name,
    version,
    rules: documentOf(document).rules,
  }));
}

/** What belongs to a feature that the tenant does not have is held by nobody there, whatever the roles (spec T5). */
function withoutMissing(
  roles: readonly { name: string; permissions: readonly string[] }[],
  features: TenantSettings['features'],
): Record<string, string[]> {
  const missing = new Set<string>(
    (Object.keys(FEATURE_PERMISSIONS) as FeatureName[])
      .filter((name) => !features[name])
      .flatMap((name) => FEATURE_PERMISSIONS[name]),
  );
  return Object.fromEntries(
    roles.map(({ name, permissions }) => [
      name,
      permissions.filter((permission) => !missing.has(permission)),
    ]),
  );
}

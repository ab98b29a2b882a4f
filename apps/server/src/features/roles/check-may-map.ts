import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { exceedsOwn, unknownRole } from './grant.ts';
import { loadRole, loadRoleByName } from './roles.repo.ts';

/**
 * Whether the caller may write that somebody gets these roles later, by what an identity provider says of them.
 *
 * SECURITY: whoever writes a mapping decides who holds the role. It is judged as the grant that it will be, now, and again by the
 * database at each sign-in, in the name of whoever wrote it (threat 72).
 *
 * @throws {Problem} `roles.unknown`, `roles.root_only`, `access.grant_exceeds_own`
 */
export async function checkMayMap(
  tx: TenantTx,
  writer: CallingPrincipal,
  names: readonly string[],
): Promise<void> {
  for (const name of new Set(names)) {
    const role = await loadRoleByName(tx, name);
    const fault = await faultOfGrant(tx, writer, role);
    if (!role || fault === 'unknown') throw unknownRole(name);
    if (fault === 'root_only')
      throw new Problem('roles.root_only', { detail: `${role.name} can be held in the root tenant only.` });
    if (fault === 'beyond_own') throw await exceedsOwn(tx, writer, role);
  }
}

/** Why the caller could not give a role now, as far as that is seen beforehand; `grant()` judges anew. */
export async function faultOfGrant(
  tx: TenantTx,
  granter: CallingPrincipal,
  role: { id: string; root_only: boolean } | undefined,
): Promise<'unknown' | 'root_only' | 'beyond_own' | undefined> {
  if (!role) return 'unknown';
  if (role.root_only && tx.tenantId !== ROOT_TENANT) return 'root_only';
  const held = (await loadRole(tx, role.id))?.permissions ?? [];
  return held.some((permission) => !granter.permissions.has(permission)) ? 'beyond_own' : undefined;
}

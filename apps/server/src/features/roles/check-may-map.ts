import { isPermission } from '@gatehouse/contracts';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { exceedsOwn, unknownRole } from './grant.ts';
import { loadRole, loadRoleByName } from './roles.repo.ts';
import { listPermissionsOfAuthor } from './standing.repo.ts';

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
  now: Date,
): Promise<void> {
  for (const name of new Set(names)) {
    const role = await loadRoleByName(tx, name);
    const fault = await faultOfGrant(tx, writer, role, now);
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
  now: Date,
): Promise<'unknown' | 'root_only' | 'beyond_own' | undefined> {
  if (!role) return 'unknown';
  if (role.root_only && tx.tenantId !== ROOT_TENANT) return 'root_only';
  const held = (await loadRole(tx, role.id))?.permissions ?? [];
  const lacking = held.filter((permission) => !granter.permissions.has(permission));
  if (lacking.length === 0) return undefined;
  // What is registered in another tenant than the caller's own is held by its administrators from above: the database knows.
  const here = new Set(await listPermissionsOfAuthor(tx, granter, now));
  return lacking.every((permission) => !isPermission(permission) && here.has(permission))
    ? undefined
    : 'beyond_own';
}

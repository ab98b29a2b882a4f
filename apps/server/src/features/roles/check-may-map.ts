import type { UserPrincipal } from '../../platform/access/index.ts';
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
  writer: UserPrincipal,
  names: readonly string[],
): Promise<void> {
  for (const name of new Set(names)) {
    const role = await loadRoleByName(tx, name);
    if (!role) throw unknownRole(name);
    if (role.root_only && tx.tenantId !== ROOT_TENANT)
      throw new Problem('roles.root_only', { detail: `${role.name} can be held in the root tenant only.` });
    const held = (await loadRole(tx, role.id))?.permissions ?? [];
    if (held.some((permission) => !writer.permissions.has(permission)))
      throw await exceedsOwn(tx, writer, role);
  }
}

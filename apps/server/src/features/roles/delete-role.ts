import { Problem } from '../../platform/http/index.ts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { deleteRoleRow, listConnectionsMapping } from './own-roles.repo.ts';
import { refusedRole, unknownRoleId } from './refused-role.ts';
import { loadRole, lockAdministrators } from './roles.repo.ts';

/**
 * Deletes a role of the entered tenant's own that nobody has: no member, no group, no open invitation, no mapping of a connection.
 * Who wants it gone takes it from them first, and sees whom it was taken from.
 *
 * @throws {Problem} `resource.not_found`, `roles.built_in`, `roles.in_use`, `access.grant_exceeds_own`
 */
export function deleteRole(
  deps: Pick<Deps, 'audit' | 'clock' | 'doors'>,
  { principal, entered, request }: Caller,
  id: string,
): Promise<void> {
  const now = deps.clock.now();
  return deps.doors.withTenant(entered, async (tx) => {
    await lockAdministrators(tx);
    const before = await loadRole(tx, id);
    if (!before) throw unknownRoleId();
    const permissions = before.permissions ?? [];
    const mapping = before.tenant_id === null ? [] : await listConnectionsMapping(tx, before.name);
    if (mapping.length > 0)
      throw new Problem('roles.in_use', {
        detail: `Identity providers map groups to ${before.name}: ${mapping.join(', ')}. Take it out of their mappings first.`,
      });
    const refusal = await deleteRoleRow(tx, id, principal, now);
    if (refusal)
      throw await refusedRole(tx, principal, refusal, { name: before.name, touched: permissions, now });
    await tellAccessChanged(tx, now);
    await deps.audit.record(tx, {
      action: 'role_deleted',
      actor: actorOf(principal),
      resource: { type: 'role', id },
      before: { name: before.name, title: before.title, description: before.description, permissions },
      request,
    });
  });
}

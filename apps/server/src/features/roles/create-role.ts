import type { CreateRole } from '@gatehouse/contracts';
import { newId } from '../../platform/ids.ts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { createRoleRow } from './own-roles.repo.ts';
import { refusedRole } from './refused-role.ts';
import { loadRole, type RoleRow } from './roles.repo.ts';

/**
 * Makes a role of the entered tenant's own. It holds nothing that whoever makes it could not give for good; nobody has it yet.
 *
 * @throws {Problem} `roles.name_in_use`, `roles.permission_unknown`, `access.grant_exceeds_own`
 */
export function createRole(
  deps: Pick<Deps, 'audit' | 'clock' | 'doors'>,
  { principal, entered, request }: Caller,
  { name, title, description = '', permissions }: CreateRole,
): Promise<RoleRow> {
  const now = deps.clock.now();
  const id = newId();
  return deps.doors.withTenant(entered, async (tx) => {
    const refusal = await createRoleRow(tx, { id, name, title, description, permissions }, principal, now);
    if (refusal) throw await refusedRole(tx, principal, refusal, { name, touched: permissions, now });
    await tellAccessChanged(tx, now);
    await deps.audit.record(tx, {
      action: 'role_created',
      actor: actorOf(principal),
      resource: { type: 'role', id },
      after: { name, title, description, permissions: [...permissions].sort() },
      request,
    });
    const made = await loadRole(tx, id);
    if (!made) throw new Error('a role that was made and is not there');
    return made;
  });
}

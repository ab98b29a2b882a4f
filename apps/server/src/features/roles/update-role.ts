import type { UpdateRole } from '@gatehouse/contracts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { updateRoleRow } from './own-roles.repo.ts';
import { refusedRole, unknownRoleId } from './refused-role.ts';
import { bumpHolders, loadRole, lockAdministrators, type RoleRow } from './roles.repo.ts';

/**
 * Changes a role of the entered tenant's own. What it comes to hold, and what it holds no more, is judged as if it were given to and
 * taken from everybody who has the role; it counts at their next request.
 *
 * @throws {Problem} `resource.not_found`, `roles.built_in`, `roles.permission_unknown`, `access.grant_exceeds_own`
 */
export function updateRole(
  deps: Pick<Deps, 'audit' | 'clock' | 'doors'>,
  { principal, entered, request }: Caller,
  id: string,
  input: UpdateRole,
): Promise<RoleRow> {
  const now = deps.clock.now();
  return deps.doors.withTenant(entered, async (tx) => {
    await lockAdministrators(tx);
    const before = await loadRole(tx, id);
    if (!before) throw unknownRoleId();
    const held = new Set(before.permissions ?? []);
    const wanted = new Set(input.permissions ?? held);
    const added = [...wanted].filter((permission) => !held.has(permission)).sort();
    const removed = [...held].filter((permission) => !wanted.has(permission)).sort();
    const { title, description, permissions } = input;
    const refusal = await updateRoleRow(tx, { id, title, description, permissions }, principal, now);
    if (refusal)
      throw await refusedRole(tx, principal, refusal, {
        name: before.name,
        touched: [...added, ...removed],
        now,
      });
    const after = await loadRole(tx, id);
    if (!after) throw new Error('a role that was changed and is not there');
    const isSame = before.title === after.title && before.description === after.description;
    const isHeldOtherwise = added.length + removed.length > 0;
    if (isSame && !isHeldOtherwise) return after;
    if (isHeldOtherwise) {
      await bumpHolders(tx, id, now);
      await tellAccessChanged(tx, now);
    }
    await deps.audit.record(tx, {
      action: 'role_updated',
      actor: actorOf(principal),
      resource: { type: 'role', id },
      before: { name: before.name, title: before.title, description: before.description, removed },
      after: { name: after.name, title: after.title, description: after.description, added },
      request,
    });
    return after;
  });
}

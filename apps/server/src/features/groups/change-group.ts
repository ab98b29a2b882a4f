import type { CreateGroup, UpdateGroup } from '@gatehouse/contracts';
import { newId } from '../../platform/ids.ts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { bumpPrincipal, lockAdministrators } from '../roles/index.ts';
import {
  deleteGroupRow,
  type GroupRow,
  insertGroup,
  isNameTaken,
  loadGroup,
  updateGroupRow,
} from './groups.repo.ts';
import { exceedsOwnGroup, nameInUse, unknownGroup } from './refused.ts';

type Needed = Pick<Deps, 'audit' | 'clock' | 'doors'>;

/**
 * Makes a group. It has no members and no roles, and so gives nobody anything.
 *
 * @throws {Problem} `groups.name_in_use`
 */
export function createGroup(
  deps: Needed,
  { principal, entered, request }: Caller,
  { name, description = '' }: CreateGroup,
): Promise<GroupRow> {
  const now = deps.clock.now();
  const id = newId();
  return deps.doors.withTenant(entered, async (tx) => {
    if (!(await insertGroup(tx, { id, name, description, now }))) throw nameInUse(name);
    await deps.audit.record(tx, {
      action: 'group_created',
      actor: actorOf(principal),
      resource: { type: 'group', id },
      after: { name, description },
      request,
    });
    const made = await loadGroup(tx, id, now);
    if (!made) throw new Error('a group that was made and is not there');
    return made;
  });
}

/**
 * Gives a group another name or description; what it opens stays as it is.
 *
 * @throws {Problem} `resource.not_found`, `groups.name_in_use`
 */
export function updateGroup(
  deps: Needed,
  { principal, entered, request }: Caller,
  id: string,
  input: UpdateGroup,
): Promise<GroupRow> {
  const now = deps.clock.now();
  return deps.doors.withTenant(entered, async (tx) => {
    const before = await loadGroup(tx, id, now);
    if (!before) throw unknownGroup();
    const { name = before.name, description = before.description } = input;
    if (name === before.name && description === before.description) return before;
    if (await isNameTaken(tx, name, id)) throw nameInUse(name);
    await updateGroupRow(tx, id, { name, description, now });
    await deps.audit.record(tx, {
      action: 'group_updated',
      actor: actorOf(principal),
      resource: { type: 'group', id },
      before: { name: before.name, description: before.description },
      after: { name, description },
      request,
    });
    return { ...before, name, description, updated_at: now };
  });
}

/**
 * Deletes a group: its members lose what they held through it, so whoever deletes it has to hold that too.
 *
 * @throws {Problem} `resource.not_found`, `access.grant_exceeds_own`
 */
export function deleteGroup(
  deps: Needed,
  { principal, entered, request }: Caller,
  id: string,
): Promise<void> {
  const now = deps.clock.now();
  return deps.doors.withTenant(entered, async (tx) => {
    await lockAdministrators(tx);
    const before = await loadGroup(tx, id, now);
    if (!before) throw unknownGroup();
    // While it still says who its members are.
    await bumpPrincipal(tx, id, now);
    const outcome = await deleteGroupRow(tx, id, principal, now);
    if (outcome === 'exceeds_own' || outcome === 'outlasts_own')
      throw await exceedsOwnGroup(tx, principal, id, outcome, now);
    if (outcome !== 'deleted') throw unknownGroup();
    await tellAccessChanged(tx, now);
    await deps.audit.record(tx, {
      action: 'group_deleted',
      actor: actorOf(principal),
      resource: { type: 'group', id },
      before: {
        name: before.name,
        description: before.description,
        roles: before.roles,
        members: before.members,
      },
      request,
    });
  });
}

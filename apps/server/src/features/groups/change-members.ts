import { Problem } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { bumpPrincipal, lockAdministrators } from '../roles/index.ts';
import { deleteMember, insertMember, loadGroup, loadMember, type MemberRow } from './groups.repo.ts';
import { exceedsOwnGroup, unknownGroup } from './refused.ts';

type Needed = Pick<Deps, 'audit' | 'clock' | 'doors'>;

/**
 * Adds a member or a service to a group: judged as giving it each of the group's roles, until their end. It counts at the next request.
 *
 * @throws {Problem} `resource.not_found`, `access.grant_exceeds_own`
 */
export function addMember(
  deps: Needed,
  { principal, entered, request }: Caller,
  groupId: string,
  principalId: string,
): Promise<{ member: MemberRow; isNew: boolean }> {
  const now = deps.clock.now();
  return deps.doors.withTenant(entered, async (tx) => {
    await lockAdministrators(tx);
    const group = await loadGroup(tx, groupId, now);
    const outcome = await insertMember(tx, groupId, principalId, principal, now);
    if (outcome === 'unknown_group' || !group) throw unknownGroup();
    if (outcome === 'unknown_principal')
      throw new Problem('resource.not_found', {
        detail:
          'There is no such member or service in this tenant; groups hold no groups and nobody who is only invited.',
      });
    if (outcome === 'exceeds_own' || outcome === 'outlasts_own')
      throw await exceedsOwnGroup(tx, principal, groupId, outcome, now);
    const isNew = outcome === 'added';
    if (isNew) {
      await bumpPrincipal(tx, principalId, now);
      await deps.audit.record(tx, {
        action: 'group_member_added',
        actor: actorOf(principal),
        resource: { type: 'group', id: groupId },
        after: { principal: principalId, group: group.name, roles: group.roles },
        request,
      });
    }
    const member = await loadMember(tx, groupId, principalId);
    if (!member) throw new Error('a member that was added and is not there');
    return { member, isNew };
  });
}

/**
 * Removes somebody from a group: judged as taking from them each of the group's roles.
 *
 * @throws {Problem} `resource.not_found`, `access.grant_exceeds_own`
 */
export function removeMember(
  deps: Needed,
  { principal, entered, request }: Caller,
  groupId: string,
  principalId: string,
): Promise<void> {
  const now = deps.clock.now();
  return deps.doors.withTenant(entered, async (tx) => {
    await lockAdministrators(tx);
    const group = await loadGroup(tx, groupId, now);
    if (!group) throw unknownGroup();
    const outcome = await deleteMember(tx, groupId, principalId, principal, now);
    if (outcome === 'exceeds_own' || outcome === 'outlasts_own')
      throw await exceedsOwnGroup(tx, principal, groupId, outcome, now);
    if (outcome !== 'removed')
      throw new Problem('resource.not_found', { detail: 'There is no such member in this group.' });
    await bumpPrincipal(tx, principalId, now);
    await deps.audit.record(tx, {
      action: 'group_member_removed',
      actor: actorOf(principal),
      resource: { type: 'group', id: groupId },
      before: { principal: principalId, group: group.name, roles: group.roles },
      request,
    });
  });
}

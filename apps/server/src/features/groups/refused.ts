import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { listPermissionsOf, listPermissionsOfAuthor } from '../roles/index.ts';
import type { PrincipalId } from '../../platform/ids.ts';

export const unknownGroup = () =>
  new Problem('resource.not_found', { detail: 'There is no such group in this tenant.' });

export const nameInUse = (name: string) =>
  new Problem('groups.name_in_use', { detail: `A group is called ${name} already: choose another name.` });

/** Somebody would give or take, with a group, roles that hold more than they do; with the first permission that they lack. */
export async function exceedsOwnGroup(
  tx: TenantTx,
  by: CallingPrincipal,
  groupId: string,
  outcome: 'exceeds_own' | 'outlasts_own',
  now: Date,
): Promise<Problem> {
  if (outcome === 'outlasts_own')
    return new Problem('access.grant_exceeds_own', {
      detail: 'You hold what the roles of this group open for a shorter time than the group does.',
    });
  const held = new Set(await listPermissionsOfAuthor(tx, by, now));
  const missing = (await listPermissionsOf(tx, groupId as PrincipalId, now))
    .sort()
    .find((it) => !held.has(it));
  return new Problem('access.grant_exceeds_own', {
    detail:
      'The roles of this group hold permissions that you do not: you can add nobody to it, and remove nobody.',
    ...(missing !== undefined && { missingPermission: missing }),
  });
}

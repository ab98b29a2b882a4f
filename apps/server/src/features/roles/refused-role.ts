import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { RoleRefusal } from './own-roles.repo.ts';
import { listPermissionsOfAuthor } from './standing.repo.ts';

/** What the database refused, in words, with the first permission that the editor lacks. */
export async function refusedRole(
  tx: TenantTx,
  editor: CallingPrincipal,
  refusal: RoleRefusal,
  { name, touched, now }: { name: string; touched: readonly string[]; now: Date },
): Promise<Problem> {
  switch (refusal) {
    case 'unknown_role':
      return unknownRoleId();
    case 'built_in':
      return new Problem('roles.built_in', {
        detail: `${name} is built in and the same everywhere: make a role of your own instead.`,
      });
    case 'name_in_use':
      return new Problem('roles.name_in_use', {
        detail: `A role is called ${name} already, built in or the tenant's own: choose another name.`,
      });
    case 'unknown_permission':
      return new Problem('roles.permission_unknown', {
        detail:
          'GET /api/v1/roles shows what can be held: the permissions of admin in this tenant. Platform permissions mean something in the root tenant only.',
      });
    case 'in_use':
      return new Problem('roles.in_use', {
        detail: `Somebody, a group or an open invitation has ${name}: GET /api/v1/role-assignments lists them. Take it from them first.`,
      });
    case 'outlasts_own':
      return new Problem('access.grant_exceeds_own', {
        detail: `You hold some of this for a limited time, and a role holds it for good: ask somebody who holds it for good.`,
      });
    case 'exceeds_own': {
      const held = new Set(await listPermissionsOfAuthor(tx, editor, now));
      const missing = touched.find((permission) => !held.has(permission));
      return new Problem('access.grant_exceeds_own', {
        detail: 'You can put into a role, and take out of one, only what you hold yourself.',
        ...(missing !== undefined && { missingPermission: missing }),
      });
    }
  }
}

export const unknownRoleId = () =>
  new Problem('resource.not_found', { detail: 'There is no such role in this tenant.' });

import { Problem } from '../../platform/http/index.ts';
import { type Caller, recordDenied } from '../denied.ts';
import type { Deps } from '../deps.ts';

/**
 * Whether the caller may give roles at all, for a path that adds people with roles.
 *
 * SECURITY: adding people is not granting roles; such a path asks for what POST /role-assignments asks for (threat 72).
 *
 * @throws {Problem} `access.denied`
 */
export async function checkMayAssign(deps: Pick<Deps, 'denials'>, caller: Caller): Promise<void> {
  if (caller.principal.permissions.has('roles:assign')) return;
  await recordDenied(deps, caller, {
    permission: 'roles:assign',
    resource: { type: 'tenant', id: caller.entered.tenantId },
  });
  throw new Problem('access.denied', {
    detail:
      'Giving roles needs the permission roles:assign; add people without roles, or ask an administrator.',
    missingPermission: 'roles:assign',
  });
}

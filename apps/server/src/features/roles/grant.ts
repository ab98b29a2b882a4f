import type { UserPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { newId, type PrincipalId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { type AssignmentRow, grantRole, loadAssignmentOf, loadRoleByName } from './roles.repo.ts';

export interface Grant {
  principalId: PrincipalId;
  role: string;
  expiresAt?: Date | null;
}

/**
 * Grants a role: the one way on which anybody gets one, whatever the path that leads here (spec R2, threat 72).
 *
 * The database refuses what the granter does not hold itself; here the refusal gets its words.
 *
 * @throws {Problem} `roles.unknown`, `roles.root_only`, `access.grant_exceeds_own`, `resource.not_found`
 */
export async function grant(
  deps: Pick<Deps, 'audit' | 'clock'>,
  tx: TenantTx,
  granter: UserPrincipal,
  wanted: Grant,
  request: RequestContext,
): Promise<AssignmentRow> {
  const role = await loadRoleByName(tx, wanted.role);
  if (!role)
    throw new Problem('roles.unknown', {
      detail: `There is no role named ${wanted.role}; GET /api/v1/roles lists them.`,
    });
  const outcome = await grantRole(tx, {
    id: newId(),
    principalId: wanted.principalId,
    roleId: role.id,
    granterTenantId: granter.tenantId,
    granterId: granter.principalId,
    expiresAt: wanted.expiresAt ?? null,
    now: deps.clock.now(),
  });
  switch (outcome) {
    case 'unknown_role':
      throw new Problem('roles.unknown', { detail: `There is no role named ${wanted.role} in this tenant.` });
    case 'unknown_principal':
      throw new Problem('resource.not_found', { detail: 'There is no such principal in this tenant.' });
    case 'root_only':
      throw new Problem('roles.root_only', { detail: `${role.name} can be held in the root tenant only.` });
    case 'exceeds_own':
      throw new Problem('access.grant_exceeds_own', {
        detail: `${role.name} holds permissions that you do not.`,
      });
    case 'granted':
    case 'held':
      break;
  }
  const assignment = await loadAssignmentOf(tx, wanted.principalId, role.id);
  if (!assignment) throw new Error('a grant that left no assignment');
  if (outcome === 'granted') {
    await deps.audit.record(tx, {
      action: 'role_assigned',
      actor: actorOf(granter),
      resource: { type: 'principal', id: wanted.principalId },
      after: {
        role: role.name,
        assignment: assignment.id,
        expiresAt: wanted.expiresAt?.toISOString() ?? null,
      },
      request,
    });
  }
  return assignment;
}

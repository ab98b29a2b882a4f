import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { exceedsOwn, stateOf } from './grant.ts';
import { bumpPrincipal, deleteAssignment, loadAssignment, lockAdministrators } from './roles.repo.ts';
import { keepAdministrators } from './standing.ts';

/**
 * Takes a role away: the counterpart of `grant()`, under the same rule. Nobody takes away what they could not have given,
 * and a tenant keeps an active administrator (the root tenant a platform administrator, too).
 *
 * @throws {Problem} `resource.not_found`, `access.grant_exceeds_own`, `users.last_administrator`
 */
export async function revokeRole(
  deps: Pick<Deps, 'audit' | 'clock'>,
  tx: TenantTx,
  revoker: CallingPrincipal,
  assignmentId: string,
  request: RequestContext,
): Promise<void> {
  const now = deps.clock.now();
  await lockAdministrators(tx);
  const assignment = await loadAssignment(tx, assignmentId);
  if (!assignment) throw unknownAssignment();
  const outcome = await keepAdministrators(tx, () =>
    deleteAssignment(tx, {
      id: assignmentId,
      revokerTenantId: revoker.tenantId,
      revokerId: revoker.principalId,
      now,
    }),
  );
  if (outcome === 'unknown_assignment') throw unknownAssignment();
  if (outcome === 'exceeds_own')
    throw await exceedsOwn(tx, revoker, { id: assignment.role_id, name: assignment.role });
  await bumpPrincipal(tx, assignment.principal_id, now);
  await deps.audit.record(tx, {
    action: 'role_removed',
    actor: actorOf(revoker),
    resource: { type: 'principal', id: assignment.principal_id },
    before: stateOf(assignment),
    request,
  });
}

const unknownAssignment = () =>
  new Problem('resource.not_found', { detail: 'There is no such role assignment in this tenant.' });

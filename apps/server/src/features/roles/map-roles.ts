import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { bumpPrincipal, dropMappedRoles, grantMappedRole, loadRoleByName } from './roles.repo.ts';
import { keepAdministrators } from './standing.ts';
import { withinSavepoint } from './savepoint.repo.ts';

/**
 * Makes the roles that a connection gave somebody what its provider says now: `grant()` for whoever wrote the mapping, under the same
 * rule, judged by the database anew each time. A writer who has lost the role gives it no more. What anybody else gave stays.
 *
 * The last administrator keeps the role: a directory in disorder must not leave a tenant without one.
 */
export async function mapRoles(
  deps: Pick<Deps, 'audit' | 'clock' | 'log'>,
  tx: TenantTx,
  mapped: {
    principalId: PrincipalId;
    connectionId: string;
    author: { tenantId: TenantId; principalId: PrincipalId };
    roles: readonly string[];
  },
  request: RequestContext,
): Promise<void> {
  const now = deps.clock.now();
  const { principalId, connectionId, author } = mapped;
  const common = {
    actor: { kind: 'system' },
    resource: { type: 'principal', id: principalId },
    request,
  } as const;
  const given: string[] = [];
  for (const name of new Set(mapped.roles)) {
    const role = await loadRoleByName(tx, name);
    const outcome =
      role && (await grantMappedRole(tx, { principalId, roleId: role.id, author, connectionId, now }));
    if (outcome === 'granted') given.push(name);
    else if (outcome !== 'held')
      deps.log.warn(
        { connectionId, role: name, outcome: outcome ?? 'unknown_role' },
        'a mapped role was not given',
      );
  }
  const taken = await dropOthers(deps, tx, mapped);
  if (given.length + taken.length === 0) return;
  await bumpPrincipal(tx, principalId, now);
  for (const role of given)
    await deps.audit.record(tx, {
      ...common,
      action: 'role_assigned',
      after: { role, via: 'connection', connection: connectionId, grantedBy: author.principalId },
    });
  for (const role of taken)
    await deps.audit.record(tx, {
      ...common,
      action: 'role_removed',
      before: { role, via: 'connection', connection: connectionId },
    });
}

async function dropOthers(
  deps: Pick<Deps, 'log'>,
  tx: TenantTx,
  {
    principalId,
    connectionId,
    roles,
  }: { principalId: PrincipalId; connectionId: string; roles: readonly string[] },
): Promise<string[]> {
  try {
    return await withinSavepoint(tx, () =>
      keepAdministrators(tx, () => dropMappedRoles(tx, principalId, connectionId, roles)),
    );
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'users.last_administrator') throw error;
    deps.log.warn(
      { connectionId, principalId },
      'the last administrator keeps a role that the provider no longer says',
    );
    return [];
  }
}

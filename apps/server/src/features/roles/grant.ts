import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { newId, type PrincipalId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import {
  type AssignmentRow,
  bumpPrincipal,
  grantRole,
  loadAssignmentOf,
  loadRole,
  loadRoleByName,
  lockAdministrators,
} from './roles.repo.ts';
import { keepAdministrators } from './standing.ts';

export interface Grant {
  principalId: PrincipalId;
  role: string;
  /** The end of the assignment; without one it holds for good. */
  expiresAt?: Date | null;
}

export interface Granted {
  assignment: AssignmentRow;
  /** False when the principal held the role already, whether its expiry changed or not. */
  isNew: boolean;
}

/**
 * Grants a role: the one way on which anybody gets one, whatever the path that leads here (spec R2, threat 72). A role that
 * is held already gets the expiry that is asked for now, so that what the caller asked for is what stands.
 *
 * The database refuses what the granter does not hold itself; here the refusal gets its words.
 *
 * @throws {Problem} `roles.unknown`, `roles.root_only`, `access.grant_exceeds_own`, `resource.not_found`,
 *   `request.invalid` for an end in the past, `users.last_administrator` when the last one would get an end
 */
export async function grant(
  deps: Pick<Deps, 'audit' | 'clock'>,
  tx: TenantTx,
  granter: CallingPrincipal,
  wanted: Grant,
  /** Undefined for an operator's command. */
  request: RequestContext | undefined,
): Promise<Granted> {
  const now = deps.clock.now();
  const expiresAt = wanted.expiresAt ?? null;
  checkFuture(expiresAt, now);
  const role = await loadRoleByName(tx, wanted.role);
  if (!role) throw unknownRole(wanted.role);
  await lockAdministrators(tx);
  const before = await loadAssignmentOf(tx, wanted.principalId, role.id);
  const write = () =>
    grantRole(tx, {
      id: newId(),
      principalId: wanted.principalId,
      roleId: role.id,
      granterTenantId: granter.tenantId,
      granterId: granter.principalId,
      expiresAt,
      now,
    });
  const outcome = expiresAt === null ? await write() : await keepAdministrators(tx, write);
  switch (outcome) {
    case 'unknown_role':
      throw unknownRole(wanted.role);
    case 'unknown_principal':
      throw new Problem('resource.not_found', { detail: 'There is no such principal in this tenant.' });
    case 'root_only':
      throw new Problem('roles.root_only', { detail: `${role.name} can be held in the root tenant only.` });
    case 'exceeds_own':
      throw await exceedsOwn(tx, granter, role);
    case 'outlasts_own':
      throw new Problem('access.grant_exceeds_own', {
        detail: `You hold what ${role.name} opens for a limited time: give it an end that is no later than yours.`,
      });
    default:
  }
  const assignment = await loadAssignmentOf(tx, wanted.principalId, role.id);
  if (!assignment) throw new Error('a grant that left no assignment');
  if (outcome !== 'held') {
    await bumpPrincipal(tx, wanted.principalId, now);
    await deps.audit.record(tx, {
      action: 'role_assigned',
      actor: actorOf(granter),
      resource: { type: 'principal', id: wanted.principalId },
      before: before ? stateOf(before) : null,
      after: stateOf(assignment),
      request,
    });
  }
  return { assignment, isNew: outcome === 'granted' };
}

/** The refusal, with the first permission that is missing. */
export async function exceedsOwn(
  tx: TenantTx,
  actor: CallingPrincipal,
  role: { id: string; name: string },
): Promise<Problem> {
  const held = (await loadRole(tx, role.id))?.permissions ?? [];
  const missing = held.find((permission) => !actor.permissions.has(permission));
  return new Problem('access.grant_exceeds_own', {
    detail: `${role.name} holds permissions that you do not: you can neither give it nor take it away.`,
    ...(missing !== undefined && { missingPermission: missing }),
  });
}

/** What a record says of an assignment. */
export const stateOf = (assignment: AssignmentRow) => ({
  role: assignment.role,
  assignment: assignment.id,
  expiresAt: assignment.expires_at?.toISOString() ?? null,
});

function checkFuture(expiresAt: Date | null, now: Date): void {
  // RFC 3339 knows a 60th second and JavaScript does not: such a time is no date here.
  if (expiresAt === null || expiresAt.getTime() > now.getTime()) return;
  const message = 'must lie in the future';
  throw new Problem('request.invalid', {
    detail: `body/expiresAt ${message}.`,
    errors: [{ path: 'body/expiresAt', message }],
  });
}

export const unknownRole = (name: string) =>
  new Problem('roles.unknown', {
    detail: `There is no role named ${name} in this tenant; GET /api/v1/roles lists them.`,
  });

import { type RawBuilder, sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../platform/database/index.ts';
import { newId, type PrincipalId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import {
  insertRevocations,
  clientOfPrincipal,
  userOfPrincipal,
} from '../../platform/revocations/revocations.repo.ts';

export type GrantOutcome =
  | 'granted'
  /** Held already, with another expiry. */
  | 'changed'
  | 'held'
  | 'unknown_role'
  | 'unknown_principal'
  | 'root_only'
  | 'exceeds_own'
  /** The granter holds it, and not for as long. */
  | 'outlasts_own';

export interface GrantRow {
  id: string;
  principalId: PrincipalId;
  roleId: string;
  granterTenantId: TenantId;
  granterId: PrincipalId;
  expiresAt: Date | null;
  now: Date;
}

/** The database's own door to role_assignments (db/migrations/0002_functions.sql, `grant_role`). */
export async function grantRole(tx: TenantTx, g: GrantRow): Promise<GrantOutcome> {
  const result = await sql<{ outcome: GrantOutcome }>`
    select gatehouse.grant_role(${g.id}, ${g.principalId}, ${g.roleId}, ${g.granterTenantId}, ${g.granterId}, 'direct', ${g.expiresAt}, ${g.now}) as outcome`.execute(
    tx,
  );
  return result.rows[0]?.outcome ?? 'unknown_role';
}

/** In the name of whoever wrote the mapping (db/migrations/0120_connections.sql, `grant_mapped_role`). */
export async function grantMappedRole(
  tx: TenantTx,
  g: {
    principalId: PrincipalId;
    roleId: string;
    author: { tenantId: TenantId; principalId: PrincipalId };
    connectionId: string;
    now: Date;
  },
): Promise<GrantOutcome> {
  const result = await sql<{ outcome: GrantOutcome }>`
    select gatehouse.grant_mapped_role(${newId()}, ${g.principalId}, ${g.roleId}, ${g.author.tenantId}, ${g.author.principalId}, ${g.connectionId}, ${g.now}) as outcome`.execute(
    tx,
  );
  return result.rows[0]?.outcome ?? 'unknown_role';
}

/** The names of the roles that this connection gave and that went. */
export async function dropMappedRoles(
  tx: TenantTx,
  principalId: PrincipalId,
  connectionId: string,
  keep: readonly string[],
): Promise<string[]> {
  const result = await sql<{ role: string }>`
    select role from gatehouse.drop_mapped_roles(${principalId}, ${connectionId}, ${[...keep]}::text[])`.execute(
    tx,
  );
  return result.rows.map(({ role }) => role);
}

/** The names of the roles of an invitation that whoever gave them could give no more, and that went. */
export async function dropUnfoundedRoles(
  tx: TenantTx,
  principalId: PrincipalId,
  now: Date,
): Promise<string[]> {
  const { rows } = await sql<{ role: string }>`
    select role from gatehouse.drop_unfounded_roles(${principalId}, ${now}) as role`.execute(tx);
  return rows.map(({ role }) => role);
}

/** For the first administrator of a tenant, who has nobody above; false when somebody else holds a role there. */
export async function grantFirstRole(
  tx: TenantTx,
  principalId: PrincipalId,
  roleId: string,
  via: 'bootstrap' | 'registration',
  now: Date,
): Promise<boolean> {
  const result = await sql<{ granted: boolean }>`
    select gatehouse.grant_first_role(${newId()}, ${principalId}, ${roleId}, ${via}, ${now}) as granted`.execute(
    tx,
  );
  return result.rows[0]?.granted === true;
}

/** For an operator at the command line, who holds the database's keys. */
export async function grantOperatorRole(
  tx: SystemTx,
  tenantId: TenantId,
  principalId: PrincipalId,
  roleId: string,
  now: Date,
): Promise<boolean> {
  const result = await sql<{ granted: boolean }>`
    select gatehouse.grant_operator_role(${newId()}, ${tenantId}, ${principalId}, ${roleId}, ${now}) as granted`.execute(
    tx,
  );
  return result.rows[0]?.granted === true;
}

/** SECURITY: a tenant's own role of the same name never stands in for a built-in one. */
export function loadRoleByName(tx: TenantTx, name: string) {
  return visibleRoles(tx)
    .where('name', '=', name)
    .orderBy('tenant_id', (order) => order.asc().nullsFirst())
    .executeTakeFirst();
}

const visibleRoles = (tx: TenantTx) =>
  tx
    .selectFrom('roles')
    .selectAll('roles')
    .where((eb) => eb.or([eb('tenant_id', 'is', null), eb('tenant_id', '=', tx.tenantId)]));

/** The roles that can be held in the entered tenant, with what they hold. Built-in ones have the smallest ids. */
const assignableRoles = (tx: TenantTx) =>
  visibleRoles(tx)
    .select((eb) =>
      eb
        .selectFrom('role_holdings')
        .whereRef('role_holdings.role_id', '=', 'roles.id')
        .select(sql<string[]>`coalesce(array_agg(permission order by permission), '{}')`.as('list'))
        .as('permissions'),
    )
    .where((eb) => eb.or([eb('root_only', '=', false), eb.val(tx.tenantId === ROOT_TENANT)]));
export type RoleRow = Awaited<ReturnType<typeof listRoles>>[number];

export function listRoles(tx: TenantTx, { after, limit }: { after: string | undefined; limit: number }) {
  let query = assignableRoles(tx);
  if (after !== undefined) query = query.where('id', '>', after);
  return query.orderBy('id').limit(limit).execute();
}

export const loadRole = (tx: TenantTx, id: string) =>
  assignableRoles(tx).where('id', '=', id).executeTakeFirst();

const assignments = (tx: TenantTx) =>
  tx
    .selectFrom('role_assignments as a')
    .innerJoin('roles as r', 'r.id', 'a.role_id')
    .select([
      'a.id',
      'a.tenant_id',
      'a.principal_id',
      'r.id as role_id',
      'r.name as role',
      'a.via',
      'a.granted_by',
      'a.expires_at',
      'a.created_at',
    ])
    .where('a.tenant_id', '=', tx.tenantId);
export type AssignmentRow = Awaited<ReturnType<typeof listAssignments>>[number];

export function listAssignments(
  tx: TenantTx,
  filter: { principalId: string | undefined; after: string | undefined; limit: number },
) {
  let query = assignments(tx);
  if (filter.principalId !== undefined) query = query.where('a.principal_id', '=', filter.principalId);
  if (filter.after !== undefined) query = query.where('a.id', '>', filter.after);
  return query.orderBy('a.id').limit(filter.limit).execute();
}

export const loadAssignment = (tx: TenantTx, id: string) =>
  assignments(tx).where('a.id', '=', id).executeTakeFirst();
export const loadAssignmentOf = (tx: TenantTx, principalId: string, roleId: string) =>
  assignments(tx)
    .where('a.principal_id', '=', principalId)
    .where('a.role_id', '=', roleId)
    .executeTakeFirst();

export interface RevokeRow {
  id: string;
  revokerTenantId: TenantId;
  revokerId: PrincipalId;
  now: Date;
}

/** The database's own door out of role_assignments (db/migrations/0002_functions.sql, `revoke_role`). */
export async function deleteAssignment(
  tx: TenantTx,
  r: RevokeRow,
): Promise<'revoked' | 'unknown_assignment' | 'exceeds_own'> {
  const result = await sql<{ outcome: 'revoked' | 'unknown_assignment' | 'exceeds_own' }>`
    select gatehouse.revoke_role(${r.id}, ${r.revokerTenantId}, ${r.revokerId}, ${r.now}) as outcome`.execute(
    tx,
  );
  return result.rows[0]?.outcome ?? 'unknown_assignment';
}

/** What the principal may do has changed, and what its members may when it is a group: followers drop what they hold of them. */
export const bumpPrincipal = (tx: TenantTx, principalId: string, now: Date): Promise<void> =>
  bumpPrincipals(
    tx,
    sql`(select ${principalId}::uuid union
      select m.principal_id from gatehouse.group_members m where m.tenant_id = ${tx.tenantId} and m.group_id = ${principalId})`,
    now,
  );

/** What a role holds has changed: the same for everybody who has it, for groups and their members, and for invitations that name it. */
export const bumpHolders = (tx: TenantTx, roleId: string, now: Date): Promise<void> =>
  bumpPrincipals(
    tx,
    sql`(select a.principal_id from gatehouse.held_roles a where a.tenant_id = ${tx.tenantId} and a.role_id = ${roleId})`,
    now,
  );

async function bumpPrincipals(tx: TenantTx, ids: RawBuilder<unknown>, now: Date): Promise<void> {
  const rows = await tx
    .updateTable('principals')
    .set({ epoch: sql`epoch + 1` })
    .where('tenant_id', '=', tx.tenantId)
    .where(sql<boolean>`id in ${ids}`)
    .returning(['id', 'epoch', userOfPrincipal, clientOfPrincipal])
    .execute();
  // Where nobody has accepted an invitation yet, the principal is nobody's, and there are no tokens to refuse.
  const members = rows.filter(({ user_id: userId }) => userId !== null);
  const services = rows.flatMap(({ id, epoch, client_id }) =>
    client_id === null ? [] : [{ id, epoch, client_id }],
  );
  await insertRevocations(
    tx,
    'principal',
    members.map(({ id, epoch, user_id }) => ({ id, epoch, user_id })),
    now,
  );
  await insertRevocations(tx, 'client', services, now);
}

/**
 * One at a time for what gives roles and takes them away in a tenant, and for whatever else may cost it an administrator, so
 * that the last two cannot remove each other. The functions of the database take the same lock.
 */
export async function lockAdministrators(tx: TenantTx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('role_assignments ' || ${tx.tenantId}::text, 0))`.execute(
    tx,
  );
}

/** Why somebody may not come to hold these permissions here (db/migrations/0231_judge_holding.sql); null when they may. */
export async function judgeHolding(
  tx: TenantTx,
  holder: { tenantId: TenantId; principalId: PrincipalId },
  permissions: readonly string[],
  until: Date | null,
  now: Date,
): Promise<'exceeds_own' | 'outlasts_own' | null> {
  const { rows } = await sql<{ refusal: 'exceeds_own' | 'outlasts_own' | null }>`
    select gatehouse.judge_holding(${[...permissions]}::text[], ${until}, ${holder.tenantId}, ${holder.principalId}, ${now}) as refusal`.execute(
    tx,
  );
  return rows[0]?.refusal ?? null;
}

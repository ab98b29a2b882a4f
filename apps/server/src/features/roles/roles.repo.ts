import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../platform/database/index.ts';
import { newId, type PrincipalId, type TenantId } from '../../platform/ids.ts';

export type GrantOutcome =
  | 'granted'
  | 'held'
  | 'unknown_role'
  | 'unknown_principal'
  | 'root_only'
  | 'exceeds_own';

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

export function loadRoleByName(tx: TenantTx, name: string) {
  return tx.selectFrom('roles').selectAll().where('name', '=', name).orderBy('tenant_id').executeTakeFirst();
}

export function listRoles(tx: TenantTx) {
  return tx
    .selectFrom('roles')
    .select((eb) => [
      'id',
      'tenant_id',
      'name',
      'title',
      'description',
      'role_group',
      'root_only',
      eb
        .selectFrom('role_permissions')
        .whereRef('role_permissions.role_id', '=', 'roles.id')
        .select((inner) =>
          inner.fn
            .coalesce(inner.fn.agg<string[]>('array_agg', ['permission']), sql<string[]>`'{}'::text[]`)
            .as('list'),
        )
        .as('permissions'),
    ])
    .orderBy('role_group')
    .orderBy('name')
    .execute();
}

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

export async function deleteAssignment(tx: TenantTx, id: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('role_assignments')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Whether somebody active other than these would still hold the role: a tenant keeps an administrator. Locks the rows it counts. */
export async function othersHoldRole(
  tx: TenantTx,
  roleId: string,
  except: string,
  now: Date,
): Promise<boolean> {
  const result = await sql<{ found: boolean }>`
    select exists (
      select from gatehouse.role_assignments a
      join gatehouse.principals p on p.tenant_id = a.tenant_id and p.id = a.principal_id
      join gatehouse.memberships m on m.tenant_id = p.tenant_id and m.id = p.id
      left join gatehouse.users u on u.tenant_id = m.user_tenant_id and u.id = m.user_id
      where a.tenant_id = ${tx.tenantId} and a.role_id = ${roleId} and a.principal_id <> ${except}
        and p.status = 'active' and coalesce(u.status, 'active') = 'active' and (a.expires_at is null or a.expires_at > ${now})
    ) as found`.execute(tx);
  return result.rows[0]?.found === true;
}

/** One at a time for what removes administrators of a tenant, so that the last two cannot remove each other. */
export async function lockAdministrators(tx: TenantTx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('administrators ' || ${tx.tenantId}::text, 0))`.execute(
    tx,
  );
}

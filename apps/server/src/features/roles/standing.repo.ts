import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';

/** The names of the roles that the membership `m` of the outer query holds, through groups as well: one query for a whole page. */
export const roleNamesOfMember = (now: Date) => sql<string[]>`coalesce((
  select array_agg(distinct r.name order by r.name)
    from gatehouse.held_roles a join gatehouse.roles r on r.id = a.role_id
    where a.tenant_id = m.tenant_id and a.principal_id = m.id and (a.expires_at is null or a.expires_at > ${now})), '{}')`;

/** The names of the roles that a principal of the entered tenant holds. */
export async function listRoleNames(tx: TenantTx, principalId: PrincipalId, now: Date): Promise<string[]> {
  const rows = await tx
    .selectFrom('held_roles as a')
    .innerJoin('roles as r', 'r.id', 'a.role_id')
    .select('r.name')
    .distinct()
    .where('a.tenant_id', '=', tx.tenantId)
    .where('a.principal_id', '=', principalId)
    .where((eb) => eb.or([eb('a.expires_at', 'is', null), eb('a.expires_at', '>', now)]))
    .execute();
  return rows.map(({ name }) => name);
}

/** What a principal may do in the entered tenant. */
export async function listPermissionsOf(
  tx: TenantTx,
  principalId: PrincipalId,
  now: Date,
): Promise<string[]> {
  const rows = await tx
    .selectFrom('held_roles as a')
    .innerJoin('role_holdings as g', 'g.role_id', 'a.role_id')
    .select('g.permission')
    .distinct()
    .where('a.tenant_id', '=', tx.tenantId)
    .where('a.principal_id', '=', principalId)
    .where((eb) => eb.or([eb('a.expires_at', 'is', null), eb('a.expires_at', '>', now)]))
    .execute();
  return rows.flatMap((row) => row.permission ?? []);
}

/** What somebody holds now in whose name something acts: nothing, unless they are active (db/migrations/0121_standing_of_authors.sql). */
export async function listPermissionsOfAuthor(
  tx: TenantTx,
  author: { tenantId: TenantId; principalId: PrincipalId },
  now: Date,
): Promise<string[]> {
  const { rows } = await sql<{ permission: string }>`
    select gatehouse.permissions_of_author(${author.tenantId}, ${author.principalId}, ${now}) as permission`.execute(
    tx,
  );
  return rows.map((row) => row.permission);
}

/** Its own users; or its guests, too. */
export type CountedAs = 'users' | 'members';

/**
 * Which of these roles an active user of the entered tenant holds for good. Members from other tenants do not count as users:
 * whether they still stand is their home's business, which this tenant cannot see. Neither do roles that will expire, nor those of a
 * group, which somebody else may empty or delete.
 */
export async function listHeldForGood(
  tx: TenantTx,
  roleIds: readonly string[],
  counted: CountedAs,
): Promise<string[]> {
  let query = tx
    .selectFrom('role_assignments as a')
    .innerJoin('principals as p', (join) =>
      join.onRef('p.tenant_id', '=', 'a.tenant_id').onRef('p.id', '=', 'a.principal_id'),
    )
    .innerJoin('memberships as m', (join) =>
      join.onRef('m.tenant_id', '=', 'p.tenant_id').onRef('m.id', '=', 'p.id'),
    )
    .leftJoin('users as u', (join) =>
      join.onRef('u.tenant_id', '=', 'm.user_tenant_id').onRef('u.id', '=', 'm.user_id'),
    )
    .select('a.role_id')
    .distinct()
    .where('a.tenant_id', '=', tx.tenantId)
    .where('a.role_id', 'in', [...roleIds])
    .where('a.expires_at', 'is', null)
    .where('p.status', '=', 'active')
    .where((eb) => eb.or([eb('u.status', '=', 'active'), eb('m.user_tenant_id', '!=', tx.tenantId)]));
  if (counted === 'users') query = query.where('m.user_tenant_id', '=', tx.tenantId);
  const rows = await query.execute();
  return rows.map((row) => row.role_id);
}

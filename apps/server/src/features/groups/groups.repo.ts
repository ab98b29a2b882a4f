import { sql } from 'kysely';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';

const groups = (tx: TenantTx, now: Date) =>
  tx
    .selectFrom('groups as g')
    .select(['g.id', 'g.tenant_id', 'g.name', 'g.description', 'g.created_at', 'g.updated_at'])
    .select([
      sql<string>`lower(g.name)`.as('name_key'),
      sql<number>`(select count(*)::int from gatehouse.group_members m where m.tenant_id = g.tenant_id and m.group_id = g.id)`.as(
        'members',
      ),
      sql<string[]>`coalesce((select array_agg(r.name order by r.name)
        from gatehouse.role_assignments a join gatehouse.roles r on r.id = a.role_id
        where a.tenant_id = g.tenant_id and a.principal_id = g.id and (a.expires_at is null or a.expires_at > ${now})), '{}')`.as(
        'roles',
      ),
    ])
    .where('g.tenant_id', '=', tx.tenantId);
export type GroupRow = Awaited<ReturnType<typeof listGroups>>[number];

export function listGroups(
  tx: TenantTx,
  filter: {
    principalId: string | undefined;
    after: { name: string; id: string } | undefined;
    limit: number;
    now: Date;
  },
) {
  let query = groups(tx, filter.now);
  if (filter.principalId !== undefined)
    query = query.where(
      sql<boolean>`exists (select from gatehouse.group_members m
        where m.tenant_id = g.tenant_id and m.group_id = g.id and m.principal_id = ${filter.principalId})`,
    );
  if (filter.after !== undefined)
    query = query.where(
      sql<boolean>`(lower(g.name), g.id) > (${filter.after.name}, ${filter.after.id}::uuid)`,
    );
  return query.orderBy(sql`lower(g.name)`).orderBy('g.id').limit(filter.limit).execute();
}

export const loadGroup = (tx: TenantTx, id: string, now: Date) =>
  groups(tx, now).where('g.id', '=', id).executeTakeFirst();

/** The group with its principal, which holds no role yet; undefined when another has the name. */
export async function insertGroup(
  tx: TenantTx,
  group: { id: string; name: string; description: string; now: Date },
): Promise<boolean> {
  const { id, name, description, now } = group;
  if (await isNameTaken(tx, name, id)) return false;
  await tx
    .insertInto('principals')
    .values({ tenant_id: tx.tenantId, id, kind: 'group', status: 'active', epoch: 0, created_at: now })
    .execute();
  await tx
    .insertInto('groups')
    .values({ tenant_id: tx.tenantId, id, name, description, created_at: now, updated_at: now })
    .execute();
  return true;
}

/** Under the lock that all who name a group in the tenant take. */
export async function isNameTaken(tx: TenantTx, name: string, except: string): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended('groups of ' || ${tx.tenantId}::text, 0))`.execute(
    tx,
  );
  const { rows } = await sql`
    select from gatehouse.groups g where g.tenant_id = ${tx.tenantId} and lower(g.name) = lower(${name}) and g.id <> ${except}`.execute(
    tx,
  );
  return rows.length > 0;
}

export async function updateGroupRow(
  tx: TenantTx,
  id: string,
  { name, description, now }: { name: string; description: string; now: Date },
): Promise<void> {
  await tx
    .updateTable('groups')
    .set({ name, description, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

export type MemberOutcome =
  | 'unknown_group'
  | 'unknown_principal'
  | 'unknown_member'
  | 'exceeds_own'
  | 'outlasts_own'
  | 'added'
  | 'held'
  | 'removed'
  | 'deleted';
type Actor = Pick<CallingPrincipal, 'tenantId' | 'principalId'>;

/** The database's own doors to a group's members (db/migrations/0191_groups.sql). */
export async function insertMember(tx: TenantTx, groupId: string, principalId: string, by: Actor, now: Date) {
  const { rows } = await sql<{ outcome: MemberOutcome }>`
    select gatehouse.add_group_member(${groupId}, ${principalId}, ${by.tenantId}, ${by.principalId}, ${now}) as outcome`.execute(
    tx,
  );
  return rows[0]?.outcome ?? 'unknown_group';
}

export async function deleteMember(tx: TenantTx, groupId: string, principalId: string, by: Actor, now: Date) {
  const { rows } = await sql<{ outcome: MemberOutcome }>`
    select gatehouse.remove_group_member(${groupId}, ${principalId}, ${by.tenantId}, ${by.principalId}, ${now}) as outcome`.execute(
    tx,
  );
  return rows[0]?.outcome ?? 'unknown_member';
}

export async function deleteGroupRow(tx: TenantTx, groupId: string, by: Actor, now: Date) {
  const { rows } = await sql<{ outcome: MemberOutcome }>`
    select gatehouse.delete_group(${groupId}, ${by.tenantId}, ${by.principalId}, ${now}) as outcome`.execute(
    tx,
  );
  return rows[0]?.outcome ?? 'unknown_group';
}

const members = (tx: TenantTx, groupId: string) =>
  tx
    .selectFrom('group_members as m')
    .innerJoin('principals as p', (join) =>
      join.onRef('p.tenant_id', '=', 'm.tenant_id').onRef('p.id', '=', 'm.principal_id'),
    )
    .leftJoin('memberships as s', (join) =>
      join.onRef('s.tenant_id', '=', 'm.tenant_id').onRef('s.id', '=', 'm.principal_id'),
    )
    .leftJoin('users as u', (join) =>
      join.onRef('u.tenant_id', '=', 's.user_tenant_id').onRef('u.id', '=', 's.user_id'),
    )
    .select(['m.principal_id', 'p.kind', 's.user_id', 'u.name', 'u.email', 'm.added_at'])
    .where('m.tenant_id', '=', tx.tenantId)
    .where('m.group_id', '=', groupId);
export type MemberRow = Awaited<ReturnType<typeof listMembers>>[number];

export function listMembers(
  tx: TenantTx,
  groupId: string,
  { after, limit }: { after: string | undefined; limit: number },
) {
  let query = members(tx, groupId);
  if (after !== undefined) query = query.where('m.principal_id', '>', after);
  return query.orderBy('m.principal_id').limit(limit).execute();
}

export const loadMember = (tx: TenantTx, groupId: string, principalId: string) =>
  members(tx, groupId).where('m.principal_id', '=', principalId).executeTakeFirst();

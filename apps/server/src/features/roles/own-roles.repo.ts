import { sql } from 'kysely';
import type { CallingPrincipal } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';

/** Why the database leaves a role of the tenant's own as it is (db/migrations/0190_own_roles.sql). */
export type RoleRefusal =
  | 'unknown_role'
  | 'built_in'
  | 'name_in_use'
  | 'unknown_permission'
  | 'exceeds_own'
  | 'outlasts_own'
  | 'in_use';
type Editor = Pick<CallingPrincipal, 'tenantId' | 'principalId'>;

/** Undefined when it is done. */
const outcomeOf = <Done extends string>(rows: { outcome: RoleRefusal | Done }[], done: Done) =>
  rows[0]?.outcome === done ? undefined : ((rows[0]?.outcome ?? 'unknown_role') as RoleRefusal);

export async function createRoleRow(
  tx: TenantTx,
  role: { id: string; name: string; title: string; description: string; permissions: readonly string[] },
  editor: Editor,
  now: Date,
): Promise<RoleRefusal | undefined> {
  const { rows } = await sql<{ outcome: RoleRefusal | 'created' }>`
    select gatehouse.create_role(${role.id}, ${role.name}, ${role.title}, ${role.description}, ${[...role.permissions]}::text[],
      ${editor.tenantId}, ${editor.principalId}, ${now}) as outcome`.execute(tx);
  return outcomeOf(rows, 'created');
}

/** What is undefined stays. */
export async function updateRoleRow(
  tx: TenantTx,
  role: {
    id: string;
    title: string | undefined;
    description: string | undefined;
    permissions: readonly string[] | undefined;
  },
  editor: Editor,
  now: Date,
): Promise<RoleRefusal | undefined> {
  const { rows } = await sql<{ outcome: RoleRefusal | 'updated' }>`
    select gatehouse.update_role(${role.id}, ${role.title ?? null}, ${role.description ?? null},
      ${role.permissions === undefined ? null : [...role.permissions]}::text[],
      ${editor.tenantId}, ${editor.principalId}, ${now}) as outcome`.execute(tx);
  return outcomeOf(rows, 'updated');
}

export async function deleteRoleRow(
  tx: TenantTx,
  id: string,
  editor: Editor,
  now: Date,
): Promise<RoleRefusal | undefined> {
  const { rows } = await sql<{ outcome: RoleRefusal | 'deleted' }>`
    select gatehouse.delete_role(${id}, ${editor.tenantId}, ${editor.principalId}, ${now}) as outcome`.execute(
    tx,
  );
  return outcomeOf(rows, 'deleted');
}

/** The names of the connections of the entered tenant that map a role. */
export async function listConnectionsMapping(tx: TenantTx, role: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select c.name from gatehouse.connections c
      where c.tenant_id = ${tx.tenantId} and c.settings @> ${JSON.stringify({ roles: [{ role }] })}::jsonb
      order by c.name`.execute(tx);
  return rows.map(({ name }) => name);
}

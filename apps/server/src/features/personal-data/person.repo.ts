import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { lockPerson } from '../people/index.ts';

const here = (tx: TenantTx) => tx.tenantId;

/** The account itself, and the tenant that is its home. */
export const loadPerson = (tx: TenantTx, userId: string) =>
  tx
    .selectFrom('users as u')
    .innerJoin('tenants as t', 't.id', 'u.tenant_id')
    .innerJoin('memberships as m', (join) =>
      join
        .onRef('m.tenant_id', '=', 'u.tenant_id')
        .onRef('m.user_tenant_id', '=', 'u.tenant_id')
        .onRef('m.user_id', '=', 'u.id'),
    )
    .innerJoin('principals as p', (join) =>
      join.onRef('p.tenant_id', '=', 'm.tenant_id').onRef('p.id', '=', 'm.id'),
    )
    .selectAll('u')
    .select([
      't.name as tenant_name',
      't.type as tenant_type',
      'm.id as membership_id',
      'm.created_at as member_since',
      'p.status as membership_status',
    ])
    .where('u.tenant_id', '=', here(tx))
    .where('u.id', '=', userId)
    .executeTakeFirst();

/** The same row, held until the transaction ends. */
export async function holdPerson(tx: TenantTx, userId: string) {
  await lockPerson(tx, userId);
  return tx
    .selectFrom('users')
    .select(['id', 'email', 'email_key', 'name'])
    .where('tenant_id', '=', here(tx))
    .where('id', '=', userId)
    .forUpdate()
    .executeTakeFirst();
}

export const listSignInAddresses = (tx: TenantTx, userId: string) =>
  tx
    .selectFrom('login_identifiers')
    .select('email_key')
    .where('tenant_id', '=', here(tx))
    .where('user_id', '=', userId)
    .execute();

/** Whether an address signs in to the user's account, and so was proved to be theirs. */
export async function isSignInAddress(tx: TenantTx, userId: string, emailKey: string): Promise<boolean> {
  return (await listSignInAddresses(tx, userId)).some(({ email_key }) => email_key === emailKey);
}

export const listOwnApiKeys = (tx: TenantTx, membershipId: string) =>
  tx
    .selectFrom('api_keys')
    .select([
      'id',
      'name',
      'shown_as',
      'scopes',
      'allowed_addresses',
      'created_at',
      'expires_at',
      'last_used_at',
    ])
    .where('tenant_id', '=', tx.tenantId)
    .where('owner_id', '=', membershipId)
    .orderBy('id')
    .execute();

export const listRoles = (tx: TenantTx, principalId: string) =>
  tx
    .selectFrom('role_assignments as a')
    .innerJoin('roles as r', 'r.id', 'a.role_id')
    .select(['r.name', 'a.via', 'a.created_at', 'a.expires_at'])
    .where('a.tenant_id', '=', here(tx))
    .where('a.principal_id', '=', principalId)
    .orderBy('r.name')
    .execute();

export const listGroupsOf = (tx: TenantTx, principalId: string) =>
  tx
    .selectFrom('group_members as m')
    .innerJoin('groups as g', (join) =>
      join.onRef('g.tenant_id', '=', 'm.tenant_id').onRef('g.id', '=', 'm.group_id'),
    )
    .select(['g.name', 'm.added_at'])
    .where('m.tenant_id', '=', here(tx))
    .where('m.principal_id', '=', principalId)
    .orderBy('g.name')
    .execute();

/** By a function of the database, which reads over tenants (docs/security/rls-exceptions.md). */
export async function listMembershipsElsewhere(tx: TenantTx, userId: string) {
  const { rows } = await sql<{ id: string; tenant_id: string; tenant_name: string; created_at: Date }>`
    select * from gatehouse.memberships_elsewhere(${userId})`.execute(tx);
  return rows;
}

export const listCredentials = (tx: TenantTx, userId: string) =>
  tx
    .selectFrom('credentials')
    .select(['id', 'kind', 'label', 'created_at', 'updated_at', 'last_used_at'])
    .where('tenant_id', '=', here(tx))
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute();

export const listRememberedDevices = (tx: TenantTx, userId: string) =>
  tx
    .selectFrom('remembered_devices')
    .select(['user_agent', 'created_at', 'expires_at'])
    .where('tenant_id', '=', here(tx))
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute();

export const listExternalIdentities = (tx: TenantTx, userId: string) =>
  tx
    .selectFrom('external_identities')
    .select(['connection_id', 'issuer', 'subject', 'linked_by', 'created_at'])
    .where('tenant_id', '=', here(tx))
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute();

export const listLinks = (tx: TenantTx, userId: string) =>
  tx
    .selectFrom('one_time_tokens')
    .select(['purpose', 'created_at', 'expires_at', 'consumed_at'])
    .where('tenant_id', '=', here(tx))
    .where('subject_id', '=', userId)
    .orderBy('created_at')
    .execute();

/** Those that have ended, too, as long as they are kept. */
export function listAllSessions(tx: TenantTx, userId: string, after: string | undefined, limit: number) {
  let query = tx
    .selectFrom('sessions')
    .selectAll()
    .where('tenant_id', '=', here(tx))
    .where('user_id', '=', userId);
  if (after !== undefined) query = query.where('id', '>', after);
  return query.orderBy('id').limit(limit).execute();
}

/** By their keyed hashes, the addresses that links of the person carry: one that was asked for and is not confirmed yet. */
export async function listAddressesOfLinks(tx: TenantTx, userId: string): Promise<Buffer[]> {
  const rows = await tx
    .selectFrom('one_time_tokens')
    .select('address')
    .distinct()
    .where('tenant_id', '=', here(tx))
    .where('subject_id', '=', userId)
    .where('address', 'is not', null)
    .execute();
  return rows.flatMap(({ address }) => address ?? []);
}

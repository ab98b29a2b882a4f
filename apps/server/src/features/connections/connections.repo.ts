import { sql } from 'kysely';
import type { ConnectionKind } from '@gatehouse/contracts';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';
import type { SamlConnection } from './saml/saml-settings.ts';

/** What an administrator decides about a connection, beside its name and issuer, and what was learned of its provider. */
export interface ConnectionSettings {
  clientId: string;
  directoryId: string | null;
  scopes: string[];
  groupsClaim: string;
  roles: { value: string; role: string }[];
  createUsers: boolean;
  /** Of the kind `saml`, and of no other; rows of before have none. */
  saml?: SamlConnection | null;
  /** Learned: the provider has once said when somebody proved who they are, so that it can (docs/adr/0082). */
  statesTime?: true;
}

export interface ConnectionRow {
  tenant_id: TenantId;
  id: string;
  scope: 'tenant' | 'platform';
  kind: ConnectionKind;
  name: string;
  issuer: string;
  settings: ConnectionSettings;
  secret_sealed: string | null;
  status: 'enabled' | 'disabled';
  author_tenant_id: TenantId | null;
  author_principal_id: PrincipalId | null;
  created_at: Date;
  updated_at: Date;
}

/** Who wrote a connection last: in that name it gives roles. */
export interface Author {
  tenantId: TenantId;
  principalId: PrincipalId;
}

const connections = (tx: TenantTx) =>
  tx.selectFrom('connections').selectAll().where('tenant_id', '=', tx.tenantId);

export const loadConnection = async (tx: TenantTx, id: string): Promise<ConnectionRow | undefined> =>
  (await connections(tx).where('id', '=', id).executeTakeFirst()) as ConnectionRow | undefined;

/** The same, held until the transaction ends, so that what was checked is what is changed. */
export const lockConnection = async (tx: TenantTx, id: string): Promise<ConnectionRow | undefined> =>
  (await connections(tx).where('id', '=', id).forUpdate().executeTakeFirst()) as ConnectionRow | undefined;

export async function listConnections(
  tx: TenantTx,
  after: string | undefined,
  limit: number,
): Promise<ConnectionRow[]> {
  let query = connections(tx);
  if (after !== undefined) query = query.where('id', '>', after);
  return (await query.orderBy('id').limit(limit).execute()) as unknown as ConnectionRow[];
}

export interface WrittenConnection {
  name: string;
  issuer: string;
  settings: ConnectionSettings;
  secretSealed: string | null;
  author: Author | null;
  now: Date;
}

const columnsOf = ({ name, issuer, settings, secretSealed, author, now }: WrittenConnection) => ({
  name,
  issuer,
  settings: JSON.stringify(settings),
  secret_sealed: secretSealed,
  author_tenant_id: author?.tenantId ?? null,
  author_principal_id: author?.principalId ?? null,
  updated_at: now,
});

export async function insertConnection(
  tx: TenantTx,
  connection: WrittenConnection & { id: string; kind: ConnectionKind },
): Promise<ConnectionRow> {
  const row = await tx
    .insertInto('connections')
    .values({
      ...columnsOf(connection),
      tenant_id: tx.tenantId,
      id: connection.id,
      kind: connection.kind,
      status: 'disabled',
      created_at: connection.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return row as unknown as ConnectionRow;
}

export async function updateConnectionRow(
  tx: TenantTx,
  id: string,
  connection: WrittenConnection,
): Promise<ConnectionRow> {
  const row = await tx
    .updateTable('connections')
    .set(columnsOf(connection))
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return row as unknown as ConnectionRow;
}

/** One of the platform, as the settings of the deployment say; its secret stays where they are. */
export async function writePlatformConnection(
  tx: TenantTx,
  connection: WrittenConnection & { id: string; kind: ConnectionKind; status: 'enabled' | 'disabled' },
): Promise<boolean> {
  const written = await tx
    .insertInto('connections')
    .values({
      ...columnsOf(connection),
      tenant_id: tx.tenantId,
      id: connection.id,
      scope: 'platform',
      kind: connection.kind,
      status: connection.status,
      created_at: connection.now,
    })
    .onConflict((oc) =>
      oc
        .columns(['tenant_id', 'id'])
        .doUpdateSet({ ...columnsOf(connection), status: connection.status })
        .where((eb) =>
          eb.or([
            eb('connections.status', '!=', connection.status),
            eb('connections.issuer', '!=', connection.issuer),
            sql<boolean>`connections.settings - 'statesTime' <> ${JSON.stringify(connection.settings)}::jsonb`,
          ]),
        ),
    )
    .executeTakeFirst();
  return written.numInsertedOrUpdatedRows === 1n;
}

/** Of the provider whose answer it was: a connection that was changed meanwhile may lead to another one. */
export const learnThatTimeIsStated = (tx: TenantTx, { id, updated_at: asOf }: ConnectionRow) =>
  tx
    .updateTable('connections')
    .set({ settings: sql`settings || '{"statesTime": true}'` })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('updated_at', '=', asOf)
    .execute();

export async function setConnectionStatus(
  tx: TenantTx,
  id: string,
  status: 'enabled' | 'disabled',
  now: Date,
): Promise<ConnectionRow> {
  const row = await tx
    .updateTable('connections')
    .set({ status, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return row as unknown as ConnectionRow;
}

export async function deleteConnectionRow(tx: TenantTx, id: string): Promise<void> {
  await tx.deleteFrom('connections').where('tenant_id', '=', tx.tenantId).where('id', '=', id).execute();
}

/** In whichever tenants they lie (db/migrations/0120_connections.sql, `end_connection_sessions`). */
export async function endSessionsOfConnection(
  tx: TenantTx,
  id: string,
  reason: string,
  now: Date,
): Promise<number> {
  const result = await sql<{ ended: number }>`
    select gatehouse.end_connection_sessions(${id}, ${reason}, ${now}) as ended`.execute(tx);
  return result.rows[0]?.ended ?? 0;
}

export interface FoundConnection {
  tenant_id: TenantId;
  scope: 'tenant' | 'platform';
  kind: ConnectionKind;
  status: string;
  tenant_status: string;
}

/** The one look-up by id, before any tenant is known (docs/security/rls-exceptions.md). */
export async function findConnection(doors: Doors, id: string): Promise<FoundConnection | undefined> {
  const [row] = await doors.call<FoundConnection & Record<string, unknown>>(
    'select tenant_id, scope, kind, status, tenant_status from gatehouse.find_connection($1)',
    [id],
  );
  return row;
}

/** The same inside a transaction of whichever tenant: whoever holds a connection to the database must not wait for another. */
export async function isInService(tx: TenantTx, id: string): Promise<boolean> {
  const result = await sql<{ status: string; tenant_status: string }>`
    select status, tenant_status from gatehouse.find_connection(${id})`.execute(tx);
  const [row] = result.rows;
  return row?.status === 'enabled' && row.tenant_status === 'active';
}

/** Of what is written for a connection that somebody deletes at this moment: the foreign key says so when they have. */
export async function refusedIfGone<Written>(writing: Promise<Written>): Promise<Written> {
  try {
    return await writing;
  } catch (error) {
    // foreign_key_violation; the user is held by whoever writes.
    if ((error as { code?: string }).code !== '23503') throw error;
    throw new Problem('resource.not_found', { detail: 'There is no such way to sign in any more.' });
  }
}

/**
 * Whether a connection of the entered tenant is no more as it was when it was read: it may be another provider by now. From here on
 * it stays so until the transaction ends: who changes it waits, as for whoever writes an identity of it.
 *
 * SECURITY: by another time, not by a later one: the clock of the node that changed it may be behind (threat 45).
 */
export async function isChangedSince(tx: TenantTx, id: string, asOf: Date): Promise<boolean> {
  const row = await tx
    .selectFrom('connections')
    .select('updated_at')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .forKeyShare()
    .executeTakeFirst();
  // The platform's lie elsewhere, and are not changed while a deployment runs; of one that is gone the foreign key tells.
  return row !== undefined && row.updated_at.getTime() !== asOf.getTime();
}

/** Those of the entered tenant that are in service. */
export const listEnabledConnections = (tx: TenantTx): Promise<OfferedRow[]> =>
  tx
    .selectFrom('connections')
    .select(['id', 'scope', 'kind', 'name'])
    .where('tenant_id', '=', tx.tenantId)
    .where('scope', '=', 'tenant')
    .where('status', '=', 'enabled')
    .orderBy('name')
    .orderBy('id')
    .execute() as Promise<OfferedRow[]>;

export interface OfferedRow {
  id: string;
  scope: 'tenant' | 'platform';
  kind: ConnectionKind;
  name: string;
}

export const findOfferedConnections = (doors: Doors, tenant: string | undefined): Promise<OfferedRow[]> =>
  doors.call<OfferedRow & Record<string, unknown>>(
    'select id, scope, kind, name from gatehouse.find_offered_connections($1)',
    [tenant ?? null],
  );

/** What owners linked counts as linked by the connection from now on: whoever stands above its author is asked once more. */
export async function forgetOwners(tx: TenantTx, id: string): Promise<void> {
  await tx
    .updateTable('external_identities')
    .set({ linked_by: 'connection' })
    .where('tenant_id', '=', tx.tenantId)
    .where('connection_id', '=', id)
    .execute();
}

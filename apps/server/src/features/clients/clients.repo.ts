import { sql } from 'kysely';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';

/** What an administrator decides about a client. */
export interface ClientSettings {
  name: string;
  tokenMode: string;
  redirectUris: string[];
  origins: string[];
  cookieDomain: string | null;
}

export interface NewClient extends ClientSettings {
  id: string;
  clientId: string;
  kind: string;
  now: Date;
}

const columnsOf = (settings: ClientSettings) => ({
  name: settings.name,
  token_mode: settings.tokenMode,
  redirect_uris: settings.redirectUris,
  origins: settings.origins,
  cookie_domain: settings.cookieDomain,
});

/** Undefined when the client_id is taken, by whichever tenant. */
export function insertClient(tx: TenantTx, client: NewClient): Promise<ClientRow | undefined> {
  return tx
    .insertInto('clients')
    .values({
      ...columnsOf(client),
      tenant_id: tx.tenantId,
      id: client.id,
      client_id: client.clientId,
      kind: client.kind,
      created_at: client.now,
      updated_at: client.now,
    })
    .onConflict((oc) => oc.column('client_id').doNothing())
    .returningAll()
    .executeTakeFirst();
}

export const loadClient = (tx: TenantTx, id: string) =>
  tx
    .selectFrom('clients')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('kind', '<>', 'service')
    .where('id', '=', id)
    .executeTakeFirst();
export type ClientRow = NonNullable<Awaited<ReturnType<typeof loadClient>>>;

/** The same, held until the transaction ends, so that what was checked is what is changed. */
export const lockClient = (tx: TenantTx, id: string): Promise<ClientRow | undefined> =>
  tx
    .selectFrom('clients')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('kind', '<>', 'service')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();

export interface ClientFilter {
  status: string | undefined;
  kind: string | undefined;
  sort: 'name' | 'createdAt';
  descending: boolean;
  after: { value: string; id: string } | undefined;
  limit: number;
}

export function listClients(tx: TenantTx, { status, kind, sort, descending, after, limit }: ClientFilter) {
  const key = sort === 'name' ? sql<string>`lower(name)` : sql<string>`created_at`;
  let query = tx
    .selectFrom('clients')
    .selectAll()
    .select(sql<string>`lower(name)`.as('name_key'))
    .where('tenant_id', '=', tx.tenantId)
    .where('kind', '<>', 'service');
  if (status !== undefined) query = query.where('status', '=', status);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (after !== undefined) {
    const value = sort === 'name' ? sql`${after.value}` : sql`${after.value}::timestamptz`;
    query = query.where(
      descending
        ? sql<boolean>`(${key}, id) < (${value}, ${after.id}::uuid)`
        : sql<boolean>`(${key}, id) > (${value}, ${after.id}::uuid)`,
    );
  }
  const order = descending ? 'desc' : 'asc';
  return query.orderBy(key, order).orderBy('id', order).limit(limit).execute();
}

export const updateClientRow = (
  tx: TenantTx,
  id: string,
  settings: ClientSettings,
  now: Date,
): Promise<ClientRow> =>
  tx
    .updateTable('clients')
    .set({ ...columnsOf(settings), updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

/** Moves a client between its two states. Its epoch moves on, so that followers drop what they hold of it. */
export async function setClientStatus(
  tx: TenantTx,
  id: string,
  status: 'active' | 'suspended',
  now: Date,
): Promise<ClientRow> {
  const row = await tx
    .updateTable('clients')
    .set({ status, epoch: sql`epoch + 1`, updated_at: now })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await insertRevocations(tx, 'client', [row], now);
  return row;
}

export async function deleteClientRow(tx: TenantTx, client: ClientRow, now: Date): Promise<void> {
  await tx
    .deleteFrom('clients')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', client.id)
    .executeTakeFirst();
  await insertRevocations(tx, 'client', [{ ...client, epoch: client.epoch + 1 }], now);
}

/** In whichever tenants its users are at home (db/migrations/0002_functions.sql, `end_client_sessions`). */
export async function endSessionsOfClient(
  tx: TenantTx,
  clientId: string,
  reason: string,
  now: Date,
): Promise<number> {
  const result = await sql<{ ended: number }>`
    select gatehouse.end_client_sessions(${clientId}, ${reason}, ${now}) as ended`.execute(tx);
  return result.rows[0]?.ended ?? 0;
}

export interface FoundClient {
  tenant_id: TenantId;
  client_id: string;
  token_mode: 'cookie' | 'bearer';
  origins: string[];
  cookie_domain: string | null;
  status: string;
}

/** The one look-up by client_id, before any tenant is known (docs/security/rls-exceptions.md). */
export async function findClient(doors: Doors, clientId: string): Promise<FoundClient | undefined> {
  const [row] = await doors.call<FoundClient & Record<string, unknown>>(
    'select tenant_id, client_id, token_mode, origins, cookie_domain, status from gatehouse.find_client($1)',
    [clientId],
  );
  return row;
}

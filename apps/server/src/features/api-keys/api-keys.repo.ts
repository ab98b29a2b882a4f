import { sql } from 'kysely';
import type { Doors, SystemTx, TenantTx } from '../../platform/database/index.ts';
import type { PrincipalId, TenantId, UserId } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';

/** What a key stands for at this moment. */
export interface ApiKeyContext {
  tenant_id: TenantId;
  id: PrincipalId;
  shown_as: string;
  scopes: string[];
  allowed_addresses: string[];
  expires_at: Date | null;
  last_used_at: Date | null;
  owner_kind: 'user' | 'service';
  owner_user_id: UserId | null;
  owner_home: TenantId | null;
  owner_client_id: string | null;
  role_names: string[];
  tenant_permissions: string[];
}

/** One function call: the key, its owner and what the owner's roles hold; nothing when any of them no longer stands. */
export async function loadApiKeyContext(
  doors: Doors,
  hash: Buffer,
  now: Date,
): Promise<ApiKeyContext | undefined> {
  const [row] = await doors.call<ApiKeyContext & Record<string, unknown>>(
    'select * from gatehouse.api_key_context($1, $2)',
    [hash, now],
  );
  return row;
}

const keys = (tx: TenantTx) =>
  tx
    .selectFrom('api_keys as k')
    .leftJoin('memberships as m', (join) =>
      join.onRef('m.tenant_id', '=', 'k.tenant_id').onRef('m.id', '=', 'k.owner_id'),
    )
    .leftJoin('clients as c', (join) =>
      join.onRef('c.tenant_id', '=', 'k.tenant_id').onRef('c.id', '=', 'k.owner_id'),
    )
    .select([
      'k.id',
      'k.tenant_id',
      'k.name',
      'k.shown_as',
      'k.scopes',
      'k.allowed_addresses',
      'k.expires_at',
      'k.last_used_at',
      'k.created_at',
      'k.rotated_at',
      'k.owner_id',
      'm.user_id',
      'c.client_id',
    ])
    .where('k.tenant_id', '=', tx.tenantId);
export type ApiKeyRow = Awaited<ReturnType<typeof listApiKeys>>[number];

export interface ApiKeyFilter {
  ownerId: string | undefined;
  /** Neither used nor made since. */
  idleSince: Date | undefined;
}

export function listApiKeys(
  tx: TenantTx,
  { ownerId, idleSince }: ApiKeyFilter,
  { after, limit }: { after: string | undefined; limit: number },
) {
  let query = keys(tx);
  if (ownerId !== undefined) query = query.where('k.owner_id', '=', ownerId);
  if (idleSince !== undefined)
    query = query.where(sql<Date>`coalesce(k.last_used_at, k.created_at)`, '<', idleSince);
  if (after !== undefined) query = query.where('k.id', '>', after);
  return query.orderBy('k.id').limit(limit).execute();
}

export const loadApiKey = (tx: TenantTx, id: string) => keys(tx).where('k.id', '=', id).executeTakeFirst();

/** The row, held until the end of the transaction. */
export async function lockApiKey(tx: TenantTx, id: string): Promise<ApiKeyRow | undefined> {
  const held = await tx
    .selectFrom('api_keys')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return held && loadApiKey(tx, id);
}

/** Whether a principal of the entered tenant can own keys: a service of it. */
export const isService = async (tx: TenantTx, id: string): Promise<boolean> =>
  (await tx
    .selectFrom('principals')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('kind', '=', 'service')
    .executeTakeFirst()) !== undefined;

export interface NewKeyRow {
  id: string;
  ownerId: string;
  name: string;
  hash: Buffer;
  shownAs: string;
  scopes: readonly string[];
  allowedAddresses: readonly string[];
  createdBy: string;
  expiresAt: Date | null;
  now: Date;
}

export async function insertApiKey(tx: TenantTx, key: NewKeyRow): Promise<void> {
  await tx
    .insertInto('principals')
    .values({ tenant_id: tx.tenantId, id: key.id, kind: 'api_key', created_at: key.now })
    .execute();
  await tx
    .insertInto('api_keys')
    .values({
      tenant_id: tx.tenantId,
      id: key.id,
      owner_id: key.ownerId,
      name: key.name,
      hash: key.hash,
      shown_as: key.shownAs,
      scopes: [...key.scopes],
      allowed_addresses: [...key.allowedAddresses],
      created_by: key.createdBy,
      expires_at: key.expiresAt,
      created_at: key.now,
    })
    .execute();
}

/** Another key under the same id: the one before opens nothing from the commit on. */
export async function replaceApiKey(
  tx: TenantTx,
  id: string,
  { hash, shownAs, now }: { hash: Buffer; shownAs: string; now: Date },
): Promise<void> {
  await change(tx, id, { hash, shown_as: shownAs, rotated_at: now });
  await insertRevocations(tx, 'api_key', [{ id, epoch: 0 }], now);
}

export async function updateApiKeyRow(
  tx: TenantTx,
  id: string,
  set: Pick<ApiKeyRow, 'name' | 'allowed_addresses' | 'expires_at'>,
  now: Date,
): Promise<void> {
  await change(tx, id, set);
  // Followers may hold what it was allowed before.
  await insertRevocations(tx, 'api_key', [{ id, epoch: 0 }], now);
}

const change = (
  tx: TenantTx,
  id: string,
  set: {
    name?: string;
    hash?: Buffer;
    shown_as?: string;
    rotated_at?: Date;
    allowed_addresses?: string[];
    expires_at?: Date | null;
  },
) =>
  tx
    .updateTable('api_keys')
    .set(set)
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

/** Its principal goes with it, and followers are told, by a trigger: so they are when its owner goes. */
export const deleteApiKey = (tx: TenantTx, id: string) =>
  tx.deleteFrom('api_keys').where('tenant_id', '=', tx.tenantId).where('id', '=', id).executeTakeFirst();

export interface LastUse {
  tenantId: TenantId;
  id: string;
  at: Date;
}

/** When keys were used last, of all tenants, in one statement. */
export async function noteLastUse(tx: SystemTx, uses: readonly LastUse[]): Promise<void> {
  await sql`
    update gatehouse.api_keys k set last_used_at = greatest(k.last_used_at, u.at)
    from unnest(${uses.map(({ tenantId }) => tenantId)}::uuid[], ${uses.map(({ id }) => id)}::uuid[],
      ${uses.map(({ at }) => at)}::timestamptz[]) as u (tenant_id, id, at)
    where k.tenant_id = u.tenant_id and k.id = u.id`.execute(tx);
}

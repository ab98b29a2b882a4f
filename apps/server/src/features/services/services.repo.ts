import { sql } from 'kysely';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';
import { insertRevocations } from '../../platform/revocations/revocations.repo.ts';

/** What a service stands for at this moment. */
export interface ServiceContext {
  tenant_id: TenantId;
  principal_id: PrincipalId;
  client_id: string;
  namespace: string;
  role_names: string[];
  tenant_permissions: string[];
}

/** One function call; nothing when the service or its tenant no longer stands. */
export async function loadServiceContext(
  doors: Doors,
  clientId: string,
  now: Date,
): Promise<ServiceContext | undefined> {
  const [row] = await doors.call<ServiceContext & Record<string, unknown>>(
    'select * from gatehouse.service_context($1, $2)',
    [clientId, now],
  );
  return row;
}

export interface FoundService {
  tenant_id: TenantId;
  id: PrincipalId;
  client_id: string;
  secret_hashes: Buffer[];
}

/** The one look-up of the token endpoint, before any tenant is known (docs/security/rls-exceptions.md). */
export async function findService(
  doors: Doors,
  clientId: string,
  now: Date,
): Promise<FoundService | undefined> {
  const [row] = await doors.call<FoundService & Record<string, unknown>>(
    'select * from gatehouse.find_service($1, $2)',
    [clientId, now],
  );
  return row;
}

const services = (tx: TenantTx) =>
  tx
    .selectFrom('clients')
    .select([
      'id',
      'tenant_id',
      'client_id',
      'name',
      sql<string>`namespace`.as('namespace'),
      'status',
      'epoch',
      'created_at',
      'updated_at',
    ])
    .where('tenant_id', '=', tx.tenantId)
    .where('kind', '=', 'service');
export type ServiceRow = Awaited<ReturnType<typeof listServices>>[number];

export function listServices(
  tx: TenantTx,
  { namespace, after, limit }: { namespace: string | undefined; after: string | undefined; limit: number },
) {
  let query = services(tx);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (after !== undefined) query = query.where('id', '>', after);
  return query.orderBy('id').limit(limit).execute();
}

export const loadService = (tx: TenantTx, id: string) => services(tx).where('id', '=', id).executeTakeFirst();

/** The same, held until the transaction ends. */
export const lockService = (tx: TenantTx, id: string): Promise<ServiceRow | undefined> =>
  services(tx).where('id', '=', id).forUpdate().executeTakeFirst();

export interface NewServiceRow {
  id: string;
  clientId: string;
  name: string;
  namespace: string;
  now: Date;
}

/** False when the client_id is taken, by whichever tenant. */
export async function insertService(tx: TenantTx, service: NewServiceRow): Promise<boolean> {
  const row = await tx
    .insertInto('clients')
    .values({
      tenant_id: tx.tenantId,
      id: service.id,
      client_id: service.clientId,
      name: service.name,
      kind: 'service',
      namespace: service.namespace,
      token_mode: 'bearer',
      created_at: service.now,
      updated_at: service.now,
    })
    .onConflict((oc) => oc.column('client_id').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!row) return false;
  await tx
    .insertInto('principals')
    .values({ tenant_id: tx.tenantId, id: service.id, kind: 'service', created_at: service.now })
    .execute();
  return true;
}

export const renameServiceRow = (tx: TenantTx, id: string, name: string, now: Date) =>
  of(tx, id).set({ name, updated_at: now }).execute();

/** Its tokens are refused from then on, here and by whoever follows. */
export async function setServiceStatus(
  tx: TenantTx,
  service: ServiceRow,
  status: 'active' | 'suspended',
  now: Date,
): Promise<void> {
  await of(tx, service.id).set({ status, epoch: sql`epoch + 1`, updated_at: now }).execute();
  await insertRevocations(tx, 'client', [{ ...service, epoch: service.epoch + 1 }], now);
}

/** Its secrets, its keys and its place in the map go with it, and its principal with the roles. */
export async function deleteServiceRow(tx: TenantTx, service: ServiceRow, now: Date): Promise<void> {
  await tx
    .deleteFrom('clients')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', service.id)
    .executeTakeFirst();
  await insertRevocations(tx, 'client', [{ ...service, epoch: service.epoch + 1 }], now);
}

const of = (tx: TenantTx, id: string) =>
  tx.updateTable('clients').where('tenant_id', '=', tx.tenantId).where('id', '=', id);

/** The secrets of services that are good now, oldest first. */
export const listSecrets = (tx: TenantTx, serviceIds: readonly string[], now: Date) =>
  tx
    .selectFrom('client_secrets')
    .select(['id', 'client_id', 'created_at', 'expires_at'])
    .where('tenant_id', '=', tx.tenantId)
    .where('client_id', 'in', serviceIds.length > 0 ? [...serviceIds] : [''])
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('id')
    .execute();
export type SecretRow = Awaited<ReturnType<typeof listSecrets>>[number];

export const insertSecret = (
  tx: TenantTx,
  secret: { id: string; serviceId: string; hash: Buffer; now: Date },
) =>
  tx
    .insertInto('client_secrets')
    .values({
      tenant_id: tx.tenantId,
      id: secret.id,
      client_id: secret.serviceId,
      hash: secret.hash,
      created_at: secret.now,
    })
    .execute();

/** The newest of those before stays good until then; older ones, and those that have ended, go. */
export async function retireSecrets(
  tx: TenantTx,
  serviceId: string,
  keep: string | undefined,
  until: Date,
): Promise<void> {
  const mine = tx
    .deleteFrom('client_secrets')
    .where('tenant_id', '=', tx.tenantId)
    .where('client_id', '=', serviceId);
  await (keep === undefined ? mine : mine.where('id', '<>', keep)).execute();
  if (keep !== undefined)
    await tx
      .updateTable('client_secrets')
      .set({ expires_at: sql<Date>`least(expires_at, ${until}::timestamptz)` })
      .where('tenant_id', '=', tx.tenantId)
      .where('id', '=', keep)
      .execute();
}

export async function deleteSecret(tx: TenantTx, serviceId: string, id: string): Promise<boolean> {
  const done = await tx
    .deleteFrom('client_secrets')
    .where('tenant_id', '=', tx.tenantId)
    .where('client_id', '=', serviceId)
    .where('id', '=', id)
    .executeTakeFirst();
  return done.numDeletedRows > 0n;
}

/** Whom a service may call. */
export const listCallees = (tx: TenantTx, callerId: string) =>
  tx
    .selectFrom('service_calls as s')
    .innerJoin('clients as c', (join) =>
      join.onRef('c.tenant_id', '=', 's.tenant_id').onRef('c.id', '=', 's.callee_id'),
    )
    .select(['c.id', 'c.client_id', 'c.status'])
    .where('s.tenant_id', '=', tx.tenantId)
    .where('s.caller_id', '=', callerId)
    .orderBy('c.id')
    .execute();

export const countServices = async (tx: TenantTx, ids: readonly string[]): Promise<number> =>
  ids.length === 0
    ? 0
    : (
        await services(tx)
          .where('id', 'in', [...ids])
          .execute()
      ).length;

export async function replaceCallees(
  tx: TenantTx,
  callerId: string,
  calleeIds: readonly string[],
  now: Date,
): Promise<void> {
  await tx
    .deleteFrom('service_calls')
    .where('tenant_id', '=', tx.tenantId)
    .where('caller_id', '=', callerId)
    .execute();
  if (calleeIds.length === 0) return;
  await tx
    .insertInto('service_calls')
    .values(
      calleeIds.map((callee_id) => ({
        tenant_id: tx.tenantId,
        caller_id: callerId,
        callee_id,
        created_at: now,
      })),
    )
    .execute();
}

import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';

const domains = (tx: TenantTx) =>
  tx.selectFrom('tenant_domains').selectAll().where('tenant_id', '=', tx.tenantId);
export type DomainRow = Awaited<ReturnType<typeof listDomains>>[number];

export function listDomains(tx: TenantTx, after: string | undefined, limit: number) {
  let query = domains(tx);
  if (after !== undefined) query = query.where('id', '>', after);
  return query.orderBy('id').limit(limit).execute();
}

export const loadDomain = (tx: TenantTx, id: string): Promise<DomainRow | undefined> =>
  domains(tx).where('id', '=', id).executeTakeFirst();
export const lockDomain = (tx: TenantTx, id: string): Promise<DomainRow | undefined> =>
  domains(tx).where('id', '=', id).forUpdate().executeTakeFirst();

/** Whether the entered tenant has proved that the domain is its own. */
export async function isOwnDomain(tx: TenantTx, domain: string): Promise<boolean> {
  const row = await domains(tx)
    .where('domain', '=', domain)
    .where('verified_at', 'is not', null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Undefined where the tenant has it already. */
export const insertDomain = (
  tx: TenantTx,
  domain: { id: string; domain: string; challenge: string; connectionId: string | null; now: Date },
): Promise<DomainRow | undefined> =>
  tx
    .insertInto('tenant_domains')
    .values({
      tenant_id: tx.tenantId,
      id: domain.id,
      domain: domain.domain,
      challenge: domain.challenge,
      connection_id: domain.connectionId,
      created_at: domain.now,
    })
    .onConflict((oc) => oc.columns(['tenant_id', 'domain']).doNothing())
    .returningAll()
    .executeTakeFirst();

/** Undefined where another tenant has proved it: the database lets one have it. */
export async function setDomainVerified(tx: TenantTx, id: string, now: Date): Promise<DomainRow | undefined> {
  try {
    return await tx
      .updateTable('tenant_domains')
      .set({ verified_at: now })
      .where('tenant_id', '=', tx.tenantId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  } catch (error) {
    // unique_violation
    if ((error as { code?: string }).code === '23505') return undefined;
    throw error;
  }
}

export const setDomainConnection = (
  tx: TenantTx,
  id: string,
  connectionId: string | null,
): Promise<DomainRow> =>
  tx
    .updateTable('tenant_domains')
    .set({ connection_id: connectionId })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export async function deleteDomainRow(tx: TenantTx, id: string): Promise<void> {
  await tx.deleteFrom('tenant_domains').where('tenant_id', '=', tx.tenantId).where('id', '=', id).execute();
}

export interface FoundDomain {
  tenant_id: TenantId;
  /** Of an enabled connection that addresses of the domain are sent to. */
  connection_id: string | null;
  connection_name: string | null;
  settings: object;
}

/** Whose a proved domain is, and where its people sign in (docs/security/rls-exceptions.md). */
export async function findDomain(doors: Doors, domain: string): Promise<FoundDomain | undefined> {
  const [row] = await doors.call<FoundDomain & Record<string, unknown>>(
    'select tenant_id, connection_id, connection_name, settings from gatehouse.find_domain($1)',
    [domain],
  );
  return row;
}

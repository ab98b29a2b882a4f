import type { CatalogDocument } from '@gatehouse/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

type Resources = NonNullable<CatalogDocument['resources']>;

export interface ServiceRow {
  service: string;
  everywhere: boolean;
  permissions: { name: string; description: string }[];
  resources: Resources;
  version: number;
  updated_at: Date;
}

/** What is registered and counts in the entered tenant. A service of the root tenant stands before one of the same name. */
export async function listServices(tx: TenantTx, service?: string): Promise<ServiceRow[]> {
  const { rows } = await sql<ServiceRow>`
    select distinct on (s.service) s.service, s.tenant_id = ${ROOT_TENANT} as everywhere, s.resources, s.version, s.updated_at,
      (select coalesce(jsonb_agg(jsonb_build_object('name', c.name, 'description', c.description) order by c.name), '[]')
        from gatehouse.catalog_permissions c where c.tenant_id = s.tenant_id and c.service = s.service) as permissions
    from gatehouse.catalog_services s
    where s.tenant_id in (${tx.tenantId}, ${ROOT_TENANT}) and (${service ?? null}::text is null or s.service = ${service ?? null})
    order by s.service, s.tenant_id = ${ROOT_TENANT} desc`.execute(tx);
  return rows;
}

export type RegisterOutcome = 'registered' | 'replaced' | 'same' | 'removed' | 'taken' | 'unknown' | 'held';

/** The database's own door (db/migrations/0221_catalog.sql); without a document the service's part is taken out. */
export async function writeService(
  tx: TenantTx,
  service: string,
  document: CatalogDocument | undefined,
  now: Date,
): Promise<{ outcome: RegisterOutcome; names: string[] }> {
  const permissions = document === undefined ? null : JSON.stringify(document.permissions);
  const { rows } = await sql<{ outcome: RegisterOutcome; names: string[] }>`
    select outcome, names from gatehouse.register_catalog(${service}, ${permissions}::jsonb, ${JSON.stringify(document?.resources ?? {})}::jsonb, ${now})`.execute(
    tx,
  );
  return rows[0] ?? { outcome: 'unknown', names: [] };
}

/** @throws {Problem} `resource.not_found` when the entered tenant is not there */
export async function checkTenant(tx: TenantTx): Promise<void> {
  const found = await tx.selectFrom('tenants').select('id').where('id', '=', tx.tenantId).executeTakeFirst();
  if (!found) throw new Problem('resource.not_found', { detail: 'There is no such tenant.' });
}

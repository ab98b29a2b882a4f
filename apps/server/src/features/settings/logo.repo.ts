import type { SettingsChange } from '@gatehouse/contracts';
import type { Doors, TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';

export interface LogoRow {
  digest: Buffer;
  width: number;
  height: number;
}

/** The logo of the entered tenant, without its bytes. */
export const loadLogo = (tx: TenantTx): Promise<LogoRow | undefined> =>
  tx
    .selectFrom('tenant_logos')
    .select(['digest', 'width', 'height'])
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirst();

export async function replaceLogo(tx: TenantTx, logo: LogoRow & { png: Buffer }, now: Date): Promise<void> {
  const { digest, width, height, png: image } = logo;
  const values = { digest, width, height, image, created_at: now };
  await tx
    .insertInto('tenant_logos')
    .values({ tenant_id: tx.tenantId, ...values })
    .onConflict((oc) => oc.column('tenant_id').doUpdateSet(values))
    .execute();
}

export async function deleteLogo(tx: TenantTx): Promise<void> {
  await tx.deleteFrom('tenant_logos').where('tenant_id', '=', tx.tenantId).execute();
}

/** The bytes of a logo, by what they are called (docs/security/rls-exceptions.md). */
export async function findLogo(doors: Doors, digest: Buffer): Promise<Buffer | undefined> {
  const [row] = await doors.call<{ image: Buffer }>('select image from gatehouse.find_logo($1)', [digest]);
  return row?.image;
}

export interface BrandingRow {
  id: TenantId;
  name: string;
  settings: SettingsChange;
  digest: Buffer | null;
  width: number | null;
  height: number | null;
}

/** Of the tenant that an id or a slug names, else of the client's own. */
export async function findBranding(
  doors: Doors,
  by: { tenant: string | undefined; clientId: string | undefined },
): Promise<BrandingRow | undefined> {
  const [row] = await doors.call<BrandingRow & Record<string, unknown>>(
    'select * from gatehouse.find_branding($1, $2)',
    [by.tenant ?? null, by.clientId ?? null],
  );
  return row;
}

import type { Service } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { listSecrets, type SecretRow, type ServiceRow } from './services.repo.ts';

/** What tokens for a service are issued for (RFC 8707 §2). */
export const audienceOf = (publicUrl: string, clientId: string): string =>
  `${publicUrl}/services/${clientId}`;

export const secretOf = (row: SecretRow) => ({
  id: row.id,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
});

/** Services as the API shows them. */
export async function presentServices(
  tx: TenantTx,
  rows: readonly ServiceRow[],
  { publicUrl, now }: { publicUrl: string; now: Date },
): Promise<Service[]> {
  const secrets =
    rows.length === 0
      ? []
      : await listSecrets(
          tx,
          rows.map(({ id }) => id),
          now,
        );
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    clientId: row.client_id,
    name: row.name,
    namespace: row.namespace,
    audience: audienceOf(publicUrl, row.client_id),
    status: row.status,
    secrets: secrets.filter(({ client_id }) => client_id === row.id).map(secretOf),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }));
}

/** What a record says of a service. */
export const stateOf = (row: ServiceRow) => ({
  clientId: row.client_id,
  name: row.name,
  namespace: row.namespace,
  status: row.status,
});

import type { SealedColumn, Sealer } from '../../platform/crypto/index.ts';
import type { ConnectionRow } from './connections.repo.ts';

const contextOf = (tenantId: string, id: string) => `connection ${tenantId} ${id}`;

export const CONNECTION_SECRETS: SealedColumn = {
  table: 'connections',
  column: 'secret_sealed',
  key: { tenant_id: 'uuid', id: 'uuid' },
  context: (row) => contextOf(String(row.tenant_id), String(row.id)),
};

/** The secret that the provider gave, sealed to its connection: it opens nowhere else (spec M7). */
export const sealSecret = (sealer: Sealer, of: { tenantId: string; id: string }, secret: string): string =>
  sealer.seal(secret, contextOf(of.tenantId, of.id));

export const openSecret = (sealer: Sealer, row: ConnectionRow): string | undefined =>
  row.secret_sealed === null
    ? undefined
    : sealer.open(row.secret_sealed, contextOf(row.tenant_id, row.id)).toString('utf8');

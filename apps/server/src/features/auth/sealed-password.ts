import type { SealedColumn, Sealer } from '../../platform/crypto/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';

type Owner = { tenantId: TenantId; userId: UserId };
const contextOf = ({ tenantId, userId }: Owner) => `password ${tenantId} ${userId}`;

export const CREDENTIALS: SealedColumn = {
  table: 'credentials',
  column: 'secret_sealed',
  key: { tenant_id: 'uuid', id: 'uuid' },
  also: ['user_id', 'kind'],
  context(row) {
    if (row.kind !== 'password')
      throw new Error(`nobody says for what credentials of kind ${row.kind} are sealed`);
    return contextOf({ tenantId: row.tenant_id as TenantId, userId: row.user_id as UserId });
  },
};

/** A password's hash is sealed as well: a copy of the database alone gives nothing to guess against. */
export const sealPassword = (sealer: Sealer, owner: Owner, hash: string): string =>
  sealer.seal(hash, contextOf(owner));

/** The hash; a row moved to another user does not open. */
export const openPassword = (sealer: Sealer, owner: Owner, sealed: string): string =>
  sealer.open(sealed, contextOf(owner)).toString('utf8');

import type { Sealer } from '../../platform/crypto/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';

type Owner = { tenantId: TenantId; userId: UserId };
const contextOf = ({ tenantId, userId }: Owner) => `password ${tenantId} ${userId}`;

/** A password's hash is sealed as well: a copy of the database alone gives nothing to guess against. */
export const sealPassword = (sealer: Sealer, owner: Owner, hash: string): string =>
  sealer.seal(hash, contextOf(owner));

/** The hash; a row moved to another user does not open. */
export const openPassword = (sealer: Sealer, owner: Owner, sealed: string): string =>
  sealer.open(sealed, contextOf(owner)).toString('utf8');

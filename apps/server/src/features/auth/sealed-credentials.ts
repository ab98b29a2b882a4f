import type { SealedColumn, Sealer } from '../../platform/crypto/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';

export type Owner = { tenantId: TenantId; userId: UserId };
type SealedKind = 'password' | 'totp' | 'backup_code' | 'passkey';
const KINDS: readonly string[] = ['password', 'totp', 'backup_code', 'passkey'] satisfies SealedKind[];

/** A secret is sealed to its user and to what it is: a row that is moved to another user, or relabelled, does not open. */
const contextOf = (kind: string, { tenantId, userId }: Owner) => `${kind} ${tenantId} ${userId}`;

export const CREDENTIALS: SealedColumn = {
  table: 'credentials',
  column: 'secret_sealed',
  key: { tenant_id: 'uuid', id: 'uuid' },
  also: ['user_id', 'kind'],
  context(row) {
    const kind = String(row.kind);
    if (!KINDS.includes(kind)) throw new Error(`nobody says for what credentials of kind ${kind} are sealed`);
    return contextOf(kind, { tenantId: row.tenant_id as TenantId, userId: row.user_id as UserId });
  },
};

/** What a factor is proved against. */
export const sealSecret = (
  sealer: Sealer,
  kind: Exclude<SealedKind, 'password'>,
  owner: Owner,
  secret: Buffer,
): string => sealer.seal(secret, contextOf(kind, owner));

export const openSecret = (
  sealer: Sealer,
  kind: Exclude<SealedKind, 'password'>,
  owner: Owner,
  sealed: string,
): Buffer => sealer.open(sealed, contextOf(kind, owner));

/** A password's hash is sealed as well: a copy of the database alone gives nothing to guess against. */
export const sealPassword = (sealer: Sealer, owner: Owner, hash: string): string =>
  sealer.seal(hash, contextOf('password', owner));

/** The hash; a row moved to another user does not open. */
export const openPassword = (sealer: Sealer, owner: Owner, sealed: string): string =>
  sealer.open(sealed, contextOf('password', owner)).toString('utf8');

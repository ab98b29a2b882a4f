import type { TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { loadPassword } from './credentials.repo.ts';
import { openPassword } from './sealed-credentials.ts';

/** A password that was compared and found right: by its hash, since a row may be sealed anew while its password stays. */
export interface ComparedPassword {
  readonly userId: UserId;
  readonly credentialId: string;
  readonly hash: string;
}

/**
 * Whether the password that was compared is the present one, for whoever has locked the user: what sets a password locks the
 * user first, and so it has either committed or not begun.
 */
export async function isPasswordStill(
  { sealer }: Pick<Deps, 'sealer'>,
  tx: TenantTx,
  { userId, credentialId, hash }: ComparedPassword,
): Promise<boolean> {
  const sealed = await loadPassword(tx, credentialId);
  return sealed !== undefined && openPassword(sealer, { tenantId: tx.tenantId, userId }, sealed) === hash;
}

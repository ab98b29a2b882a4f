import { readStoredHash } from '../../platform/crypto/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { writePassword } from './credentials.repo.ts';
import { sealPassword } from './sealed-credentials.ts';

/**
 * Gives a user who was made in this transaction the password that they had in another system, by its hash. Nobody chose it here,
 * so that no rule judges it: it was good where it comes from, and the next good sign-in hashes it anew.
 *
 * @throws {HashFault} for a hash that sign-in would not compare with
 */
export async function importPassword(
  deps: Pick<Deps, 'sealer' | 'clock'>,
  tx: TenantTx,
  userId: UserId,
  hash: string,
): Promise<void> {
  readStoredHash(hash);
  const owner = { tenantId: tx.tenantId, userId };
  await writePassword(tx, userId, sealPassword(deps.sealer, owner, hash), deps.clock.now());
}

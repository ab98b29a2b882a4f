import type { TenantTx } from '../../../platform/database/index.ts';
import type { Deps } from '../../deps.ts';
import { type Owner, sealSecret } from '../sealed-credentials.ts';
import { deleteFactors, insertBackupCodes } from './factors.repo.ts';
import { hashBackupCode, newBackupCode } from './methods.ts';

const CODES = 10;

/** New backup codes in place of those before. This is the only time that anybody can read them. */
export async function replaceBackupCodes(deps: Deps, tx: TenantTx, owner: Owner): Promise<string[]> {
  await deleteFactors(tx, owner.userId, 'backup_code');
  const codes = Array.from({ length: CODES }, newBackupCode);
  const sealed = codes.map((code) =>
    sealSecret(deps.sealer, 'backup_code', owner, hashBackupCode(deps, owner, code)),
  );
  await insertBackupCodes(tx, owner.userId, sealed, deps.clock.now());
  return codes;
}

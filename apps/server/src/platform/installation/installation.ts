import { type Sealer, SealError } from '../crypto/index.ts';
import type { Doors } from '../database/index.ts';
import { newId } from '../ids.ts';
import { insertInstallation, loadInstallation, makePartitions } from './installation.repo.ts';

/** The key-encryption key is not the one that this database was set up with. */
export class WrongMasterKey extends Error {}

/**
 * Makes the mark of the first start, or checks that the key at hand opens it: a server with the wrong key would seal new
 * things that nobody can open later.
 *
 * @throws {WrongMasterKey}
 */
export async function checkInstallation(doors: Doors, sealer: Sealer, now: Date): Promise<void> {
  await doors.asSystem('check installation', async (tx) => {
    await makePartitions(tx, now);
    await insertInstallation(tx, { id: newId(), keyCheckSealed: sealer.seal('gatehouse', 'key check'), now });
    const found = await loadInstallation(tx);
    try {
      if (found) sealer.open(found.key_check_sealed, 'key check');
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new WrongMasterKey(
        'GATEHOUSE_MASTER_KEY is not the key that this database was set up with. Start with that key.',
        { cause: error },
      );
    }
  });
}

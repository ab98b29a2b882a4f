import { keyIdOf, randomSecret, type SealedColumn, type Sealer, SealError } from '../crypto/index.ts';
import type { Doors, SystemTx } from '../database/index.ts';
import { newId } from '../ids.ts';
import {
  changeMasterKey,
  insertInstallation,
  keepIndexKey,
  loadInstallation,
  loadInstallationToChange,
  makePartitions,
} from './installation.repo.ts';
import { Told } from '../told.ts';

/** None of the key-encryption keys at hand is the one that this database is sealed under. */
export class WrongMasterKey extends Told {}

const KEY_CHECK = 'key check';
const INDEX_KEY = 'blind index key';

const ofInstallation = (column: string, context: string): SealedColumn => ({
  table: 'installation',
  column,
  key: { only_row: 'boolean' },
  context: () => context,
});
export const INSTALLATION_KEYS: readonly SealedColumn[] = [
  ofInstallation('key_check_sealed', KEY_CHECK),
  ofInstallation('index_key_sealed', INDEX_KEY),
];

/**
 * Makes the marks of the first start, or checks that a key at hand opens them: a server with a wrong key would seal new things
 * that nobody can open later. From here on the sealer seals under the key that the database says.
 *
 * @returns the key of blind indexes
 * @throws {WrongMasterKey}
 */
export async function checkInstallation(doors: Doors, sealer: Sealer, now: Date): Promise<Buffer> {
  return doors.asSystem('check installation', async (tx) => {
    await makePartitions(tx, now);
    await insertInstallation(tx, { id: newId(), keyCheckSealed: sealer.seal('gatehouse', KEY_CHECK), now });
    const found = await loadInstallation(tx);
    if (found === undefined) throw new Error('the installation was made and is not there');
    take(sealer, found.key_check_sealed);
    const sealed =
      found.index_key_sealed ?? (await keepIndexKey(tx, sealer.seal(randomSecret(32), INDEX_KEY)));
    return sealer.open(sealed, INDEX_KEY);
  });
}

/**
 * Seals under another key as soon as the database says so: of many processes, none may go on with the key before.
 *
 * @throws {WrongMasterKey} when that key is not at hand
 */
export async function followMasterKey(doors: Doors, sealer: Sealer): Promise<void> {
  const found = await doors.asSystem('which master key', loadInstallation);
  if (found && keyIdOf(found.key_check_sealed) !== sealer.keyId) take(sealer, found.key_check_sealed);
}

/**
 * Has everybody seal under that key from now on. Values that are sealed under others stay as they are.
 *
 * @returns since when it is in use, and which one was before, where it was another
 */
export async function sealUnderMasterKey(
  tx: SystemTx,
  sealer: Sealer,
  keyId: string,
  now: Date,
): Promise<{ since: Date; before: string | undefined }> {
  const found = await loadInstallationToChange(tx);
  if (!found?.index_key_sealed) throw new Error('there is no installation yet');
  const before = keyIdOf(found.key_check_sealed);
  if (before === keyId) return { since: found.master_key_since ?? found.created_at, before: undefined };
  const indexKey = sealer.open(found.index_key_sealed, INDEX_KEY);
  sealer.sealUnder(keyId);
  const keyCheckSealed = sealer.seal('gatehouse', KEY_CHECK);
  await changeMasterKey(tx, { keyCheckSealed, indexKeySealed: sealer.seal(indexKey, INDEX_KEY), now });
  return { since: now, before };
}

function take(sealer: Sealer, keyCheckSealed: string): void {
  try {
    sealer.open(keyCheckSealed, KEY_CHECK);
    sealer.sealUnder(keyIdOf(keyCheckSealed));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new WrongMasterKey(
      `GATEHOUSE_MASTER_KEY is not the key that this database is sealed under (${keyIdOf(keyCheckSealed)}), and that one is not in ` +
        'GATEHOUSE_MASTER_KEY_PREVIOUS either. Start with that key, or with both when the master key is being rotated.',
      { cause: error },
    );
  }
}

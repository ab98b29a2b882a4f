import { join } from 'node:path';
import { type Config, decodeMasterKey } from './config/index.ts';
import { loadOrMakeKeyFile } from './platform/crypto/key-file.ts';
import { createSealer, type Sealer } from './platform/crypto/seal.ts';

/**
 * The key-encryption keys: from the environment or their files; in development, one that is made once in the data folder. Which
 * of them seals is for the database to say.
 */
export function masterSealer(config: Config): Sealer {
  const given = [config.masterKey, ...(config.masterKeyPrevious ?? [])].flatMap((text) =>
    text === undefined ? [] : (decodeMasterKey(text) ?? []),
  );
  const [first, ...previous] = given;
  return createSealer([first ?? loadOrMakeKeyFile(join(config.dataDir, 'keys', 'master.key')), ...previous]);
}

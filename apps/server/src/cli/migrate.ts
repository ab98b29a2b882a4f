import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { masterSealer } from '../master-sealer.ts';
import { openDatabase } from './database.ts';

/** `gatehouse migrate` */
export async function migrateOnly(config: Config, log: Logger, say: (line: string) => void): Promise<void> {
  const database = await openDatabase(config, masterSealer(config), log);
  await database.stop();
  say(
    database.applied.length === 0
      ? 'The database was at this release already.'
      : `Applied ${database.applied.join(', ')}.`,
  );
}

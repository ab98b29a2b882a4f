import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { makeAdministrator } from '../features/auth/index.ts';
import { isAddress } from '../platform/email.ts';
import { createServer } from '../server.ts';
import { masterSealer } from '../master-sealer.ts';
import { CliError } from './cli-error.ts';
import { openDatabase } from './database.ts';
import { consoleDir, hashWorkerUrl } from './folders.ts';

/** `gatehouse admin create` */
export async function createAdministrator(
  config: Config,
  log: Logger,
  options: { email: string; name?: string },
  say: (line: string) => void,
): Promise<void> {
  if (!isAddress(options.email)) throw new CliError('--email must be one email address.');
  const database = await openDatabase(config, masterSealer(config), log);
  try {
    const server = await createServer({ config, log, databaseUrl: database.url, consoleDir, hashWorkerUrl });
    try {
      const link = await makeAdministrator(server.deps, {
        email: options.email,
        name: options.name ?? options.email,
      });
      say(`${options.email} is an administrator of the root tenant.`);
      if (link !== undefined) say(`Open this link once to set the password (good for 72 hours):\n  ${link}`);
    } finally {
      await server.close();
    }
  } finally {
    await database.stop();
  }
}

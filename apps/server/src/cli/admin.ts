import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { makeAdministrator, resetFactorsByOperator } from '../features/auth/index.ts';
import { isAddress } from '../platform/email.ts';
import { createServer, type Server } from '../server.ts';
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
  await withServer(config, log, async ({ deps }) => {
    const { email, name = email } = options;
    const link = await makeAdministrator(deps, { email, name });
    say(`${email} is an administrator of the root tenant.`);
    if (link !== undefined) say(`Open this link once to set the password (good for 72 hours):\n  ${link}`);
  });
}

/** `gatehouse admin reset-factors` */
export async function resetFactors(
  config: Config,
  log: Logger,
  { email }: { email: string },
  say: (line: string) => void,
): Promise<void> {
  if (!isAddress(email)) throw new CliError('--email must be one email address.');
  await withServer(config, log, async ({ deps }) => {
    const outcome = await resetFactorsByOperator(deps, email);
    if (outcome === 'unknown') throw new CliError(`Nobody signs in with ${email}.`);
    say(
      outcome === 'reset'
        ? `${email} has no second factors any more; all sessions of the account have ended.`
        : `${email} had no second factors.`,
    );
  });
}

async function withServer(
  config: Config,
  log: Logger,
  work: (server: Server) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(config, masterSealer(config), log);
  try {
    const server = await createServer({ config, log, databaseUrl: database.url, consoleDir, hashWorkerUrl });
    try {
      await work(server);
    } finally {
      await server.close();
    }
  } finally {
    await database.stop();
  }
}

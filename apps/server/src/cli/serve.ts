import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { isSetupRequired, issueSetupLink } from '../features/auth/index.ts';
import { createServer, masterSealer, type Server } from '../server.ts';
import { CliError } from './cli-error.ts';
import { openDatabase, type Database } from './database.ts';
import { consoleDir, hashWorkerUrl } from './folders.ts';

/** Longest that requests under way may take to finish at a stop. */
const GRACE_MS = 10_000;

/** `gatehouse serve`: database, migrations, keys, pages and API, until a signal. */
export async function serve(config: Config, log: Logger, say: (line: string) => void): Promise<void> {
  const starting = new AbortController();
  let database: Database | undefined;
  let server: Server | undefined;
  // Installed first: a signal during the start ends it in order as well.
  const closer = closeWithGrace({ delay: GRACE_MS + 5000, logger: false }, async ({ err, signal }) => {
    if (err) log.error({ err }, 'ending because of a fault');
    else log.info(`stopping${signal ? ` (${signal})` : ''}`);
    starting.abort();
    await server?.close();
    await database?.stop();
    log.info('stopped');
  });
  stopWithParent(() => void closer.close());
  database = await openDatabase(config, masterSealer(config), log, starting.signal);
  server = await createServer({ config, log, databaseUrl: database.url, consoleDir, hashWorkerUrl });
  await listen(server, config);
  server.startJobs();
  void database.lost.then((error) => {
    log.error({ err: error }, 'the embedded database is lost');
    closer.close();
    process.exitCode = 1;
  });
  await announce(server, config, say);
}

async function listen(server: Server, config: Config): Promise<void> {
  try {
    await server.app.listen({ port: config.port, host: config.host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new CliError(
        `Port ${config.port} on ${config.host} is taken by another program. Stop it, or choose another port: PORT=${config.port + 1} npm start`,
      );
    if (code === 'EACCES')
      throw new CliError(
        `Port ${config.port} may not be opened by this user. Choose one above 1023: PORT=4000`,
      );
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CliError(`HOST=${config.host} is not an address of this machine.`);
    throw error;
  }
}

async function announce({ app, deps }: Server, config: Config, say: (line: string) => void): Promise<void> {
  const at = app.addresses().map((address) => (typeof address === 'string' ? address : address.address));
  say(
    `Gatehouse is ready at ${config.publicUrl} (${config.mode}; listening on ${[...new Set(at)].join(', ')} port ${config.port})`,
  );
  if (deps.mailbox) say(`Mail is not sent but kept: ${config.publicUrl}/dev/mail`);
  if (await isSetupRequired(deps)) {
    say('');
    say('There is no administrator yet. Open this link once to make the first one (good for 24 hours):');
    say(`  ${await issueSetupLink(deps)}`);
    say('');
  }
}

/** Started by `npm start`, the server ends in order when its parent is gone, even when that was killed. */
function stopWithParent(stop: () => void): void {
  if (process.channel === undefined || process.channel === null) return;
  process.channel.unref();
  process.once('disconnect', stop);
}

import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { isSetupRequired, issueSetupLink } from '../features/auth/index.ts';
import { mailboxLink } from '../features/pages/index.ts';
import { createServer, masterSealer, type Server } from '../server.ts';
import { CliError } from './cli-error.ts';
import { openDatabase, type Database } from './database.ts';
import { consoleDir, hashWorkerUrl } from './folders.ts';

/** Longest that requests under way may take to finish at a stop. */
const GRACE_MS = 10_000;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** `gatehouse serve`: database, migrations, keys, pages and API, until a signal. */
export async function serve(config: Config, log: Logger, say: (line: string) => void): Promise<void> {
  const starting = new AbortController();
  const open: { database?: Database; server?: Server } = {};
  const letGo = async () => {
    await open.server?.close();
    await open.database?.stop();
  };
  const started = start(config, log, open, starting.signal);
  // Installed before anything runs: a signal during the start ends it in order as well.
  const closer = closeWithGrace(
    { delay: GRACE_MS + 5000, logger: false, skip: [...STOP_SIGNALS] },
    async ({ err }) => {
      if (err) log.error({ err }, 'ending because of a fault');
      starting.abort();
      await started.catch(() => undefined);
      await letGo();
      log.info('stopped');
    },
  );
  stopOnce((why) => {
    log.info(`stopping (${why})`);
    closer.close();
  });
  try {
    await started;
  } catch (error) {
    // A stop is under way already, which lets go of everything and ends the process.
    if (starting.signal.aborted) return await new Promise<never>(() => undefined);
    await letGo();
    throw error;
  }
  if (open.server === undefined || open.database === undefined) return;
  void open.database.lost.then((error) => {
    // A signal to the whole group, as from a terminal, ends the database as well: then it is not lost but stopped.
    if (starting.signal.aborted) return;
    log.error({ err: error }, 'the embedded database is lost');
    closer.close();
    process.exitCode = 1;
  });
  await announce(open.server, config, say);
}

/** What is open is noted step by step, so that whoever ends the start knows what to close. */
async function start(
  config: Config,
  log: Logger,
  open: { database?: Database; server?: Server },
  signal: AbortSignal,
): Promise<void> {
  const database = await openDatabase(config, masterSealer(config), log, signal);
  open.database = database;
  signal.throwIfAborted();
  const server = await createServer({ config, log, databaseUrl: database.url, consoleDir, hashWorkerUrl });
  open.server = server;
  signal.throwIfAborted();
  await listen(server, config);
  server.startJobs();
}

/**
 * One stop is enough: a terminal or a service manager signals every process of the group, npm and `npm start` pass the
 * signal on again, and a stop that takes the second one for impatience would leave the database running.
 *
 * Started by `npm start`, the server also ends in order when its parent is gone, even when that was killed.
 */
function stopOnce(stop: (why: string) => void): void {
  let stopping = false;
  const once = (why: string) => {
    if (!stopping) stop(why);
    stopping = true;
  };
  for (const signal of STOP_SIGNALS) process.on(signal, once);
  if (process.channel === undefined || process.channel === null) return;
  process.channel.unref();
  process.once('disconnect', () => once('npm start is gone'));
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

async function announce(
  { app, deps, certificate }: Server,
  config: Config,
  say: (line: string) => void,
): Promise<void> {
  const at = app.addresses().map((address) => (typeof address === 'string' ? address : address.address));
  say(
    `Gatehouse is ready at ${config.publicUrl} (${config.mode}; listening on ${[...new Set(at)].join(', ')} port ${config.port})`,
  );
  if (config.tlsDev && certificate) {
    say(`Its certificate is its own: let your browser trust ${certificate.certFile}`);
    say(`  SHA-256 ${certificate.facts.fingerprint}`);
  }
  const mailbox = mailboxLink(deps);
  if (mailbox !== undefined) say(`Mail is not sent but kept; open this link to read it: ${mailbox}`);
  if (await isSetupRequired(deps)) {
    say('');
    say('There is no administrator yet. Open this link once to make the first one (good for 24 hours):');
    say(`  ${await issueSetupLink(deps)}`);
    say('');
  }
}

import type { Logger } from 'pino';
import type { Config } from '../../config/index.ts';
import { masterSealer } from '../../master-sealer.ts';
import type { MetricsServer } from '../../platform/metrics/metrics-server.ts';
import { CliError } from '../cli-error.ts';
import { openDatabase, type Database } from '../database.ts';
import { createEnding } from './ending.ts';
import type { Prepared } from './service.ts';

interface Opened {
  database?: Database;
  service?: Prepared;
  metrics?: MetricsServer;
}

/** `gatehouse serve`: database, migrations, keys, pages and API, until a signal. */
export async function serve(config: Config, log: Logger, say: (line: string) => void): Promise<void> {
  const opened: Opened = {};
  // Who answers ends before the database that it asks.
  const letGo = async () => {
    try {
      await opened.metrics?.close();
      await opened.service?.close();
    } finally {
      await opened.database?.stop();
    }
  };
  // Installed before anything runs: a signal during the start ends it in order as well.
  const ending = createEnding({
    log,
    obeys: ['SIGTERM', 'SIGINT', 'SIGHUP'],
    parent: 'npm start',
    async letGo() {
      await started.catch(() => undefined);
      await letGo();
    },
  });
  const started = start(config, log, opened, ending.signal);
  let lines: string[];
  try {
    lines = await started;
  } catch (error) {
    // A stop is under way already, which lets go of everything and ends the process.
    if (ending.signal.aborted) return await new Promise<never>(() => undefined);
    await letGo();
    throw error;
  }
  void opened.database?.lost.then((error) => {
    // A signal to the whole group, as from a terminal, ends the database as well: then it is not lost but stopped.
    if (ending.signal.aborted) return;
    log.error({ err: error }, 'the embedded database is lost');
    ending.end('the database is lost', 1);
  });
  for (const line of lines) say(line);
}

/** What is open is noted step by step, so that whoever ends the start knows what to close. */
async function start(config: Config, log: Logger, opened: Opened, signal: AbortSignal): Promise<string[]> {
  const database = await openDatabase(config, masterSealer(config), log, signal);
  opened.database = database;
  signal.throwIfAborted();
  opened.service = await prepare(config, log, database.url, signal);
  signal.throwIfAborted();
  const lines = await opened.service.open();
  if (config.metricsPort !== undefined)
    opened.metrics = await serveMetrics(config, config.metricsPort, log, opened.service);
  return lines;
}

async function serveMetrics(
  { metricsHost: host, metricsToken: token }: Config,
  port: number,
  log: Logger,
  service: Prepared,
): Promise<MetricsServer> {
  const { startMetricsServer } = await import('../../platform/metrics/metrics-server.ts');
  const onError = (err: unknown) => log.warn({ err }, 'the metrics cannot be read');
  try {
    return await startMetricsServer({ port, host, token, read: service.measure, onError });
  } catch (error) {
    throw new CliError(
      `METRICS_PORT=${port} on METRICS_HOST=${host} cannot be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}): choose another port or address.`,
    );
  }
}

/** Loaded where it is needed: the first of several processes answers nothing, and holds nothing that answers. */
async function prepare(
  config: Config,
  log: Logger,
  databaseUrl: string,
  signal: AbortSignal,
): Promise<Prepared> {
  if (config.workers === 1) {
    const { prepareService } = await import('./service.ts');
    return prepareService({ config, log, databaseUrl });
  }
  const { prepareWorkers } = await import('./workers.ts');
  return prepareWorkers({ config, log, databaseUrl, signal });
}

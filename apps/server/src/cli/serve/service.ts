import type { Logger } from 'pino';
import type { Config } from '../../config/index.ts';
import { isSetupRequired, issueSetupLink } from '../../features/auth/index.ts';
import { mailboxLink } from '../../features/pages/index.ts';
import type { Snapshot } from '../../platform/metrics/index.ts';
import { createServer, type Server, type ServerOptions } from '../../server.ts';
import { CliError } from '../cli-error.ts';
import { consoleDir, hashWorkerUrl } from '../folders.ts';

/** Longest that requests under way may take to finish at a stop. */
const GRACE_MS = 10_000;

/** A service that could answer, and does from `open` on: this process itself, or workers of its own. */
export interface Prepared {
  /** Listens, and starts what runs beside requests. Resolves to what whoever started it should read. */
  open(): Promise<string[]>;
  /** The metrics of each process that answers requests. */
  measure(): Promise<readonly Snapshot[]>;
  /** Takes nothing new, finishes what runs, lets go of everything but the database server. */
  close(): Promise<void>;
}

export async function prepareService(
  options: { config: Config; log: Logger } & Pick<ServerOptions, 'databaseUrl' | 'mailboxKey'>,
): Promise<Prepared> {
  const { config } = options;
  const server = await createServer({ ...options, consoleDir, hashWorkerUrl });
  return {
    async open() {
      await listen(server, config);
      server.startJobs();
      return announcement(server, config);
    },
    measure: async () => [await server.metrics.snapshot()],
    async close() {
      // Who takes longer is cut off: what has not been answered has not been promised.
      const late = setTimeout(() => server.app.server.closeAllConnections(), GRACE_MS);
      await server.close();
      clearTimeout(late);
    },
  };
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

async function announcement({ app, deps, certificate }: Server, config: Config): Promise<string[]> {
  const at = app.addresses().map((address) => (typeof address === 'string' ? address : address.address));
  const workers = config.workers > 1 ? `; ${config.workers} workers` : '';
  const lines = [
    `Gatehouse is ready at ${config.publicUrl} (${config.mode}; listening on ${[...new Set(at)].join(', ')} port ${config.port}${workers})`,
  ];
  if (config.tlsDev && certificate) {
    lines.push(
      `Its certificate is its own: let your browser trust ${certificate.certFile}`,
      `  SHA-256 ${certificate.facts.fingerprint}`,
    );
  }
  const mailbox = mailboxLink(deps);
  if (mailbox !== undefined) lines.push(`Mail is not sent but kept; open this link to read it: ${mailbox}`);
  if (await isSetupRequired(deps)) {
    lines.push(
      '',
      'There is no administrator yet. Open this link once to make the first one (good for 24 hours):',
      `  ${await issueSetupLink(deps)}`,
      '',
    );
  }
  return lines;
}

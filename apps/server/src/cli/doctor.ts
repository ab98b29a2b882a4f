import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { isSetupRequired } from '../features/auth/index.ts';
import { masterSealer } from '../master-sealer.ts';
import { createServer, type Server } from '../server.ts';
import { CliError } from './cli-error.ts';
import { openDatabase } from './database.ts';
import { consoleDir, hashWorkerUrl } from './folders.ts';

const DAY = 86_400_000;

/** Who ends TLS: a certificate of the server's own, which must fit and last, or a proxy in front. */
function lookAtTransport(config: Config, { certificate }: Server): [boolean, string] {
  if (certificate === undefined) {
    const known = config.mode === 'development' || config.trustedProxies.length > 0;
    return [
      known,
      'proxy: TRUSTED_PROXIES names whoever ends TLS in front (without it every client has the address of the proxy)',
    ];
  }
  const { validUntil, isFor } = certificate.facts;
  const host = new URL(config.publicUrl).hostname;
  const days = Math.floor((validUntil.getTime() - Date.now()) / DAY);
  if (!isFor(host)) return [false, `TLS: the certificate is not for ${host}`];
  return [days >= 14, `TLS: the certificate is for ${host}, good for ${days} days`];
}

/** `gatehouse doctor`: one line for each thing that was looked at. The settings themselves were checked on the way here. */
export async function doctor(config: Config, log: Logger, say: (line: string) => void): Promise<void> {
  let faults = 0;
  const report = (good: boolean, text: string) => {
    if (!good) faults += 1;
    say(`${good ? 'ok  ' : 'MEND'}  ${text}`);
  };
  report(true, `settings: ${config.mode}, issuer ${config.publicUrl}`);
  const database = await openDatabase(config, masterSealer(config), log);
  try {
    report(
      true,
      `database: ${config.databaseUrl === undefined ? `embedded, in ${config.dataDir}` : 'as DATABASE_URL says'}, at this release`,
    );
    const server = await createServer({ config, log, databaseUrl: database.url, consoleDir, hashWorkerUrl });
    try {
      report(true, 'keys: the key-encryption key opens what is stored; signing key at hand');
      report(
        !(await isSetupRequired(server.deps)),
        'administrator: the root tenant has one (else: gatehouse serve prints a set-up link)',
      );
      report(
        config.smtpUrl !== undefined || config.mode === 'development',
        `mail: ${config.smtpUrl === undefined ? 'kept in the development mailbox' : 'goes out by SMTP'}`,
      );
      report(...lookAtTransport(config, server));
    } finally {
      await server.close();
    }
  } finally {
    await database.stop();
  }
  if (faults > 0)
    throw new CliError(faults === 1 ? 'One thing to mend, above.' : `${faults} things to mend, above.`);
}

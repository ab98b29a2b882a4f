import { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, parseConfig } from '../config/index.ts';
import { readEnvironment } from '../config/environment.ts';
import { addAudit } from './audit.command.ts';
import { addBackup } from './backup.command.ts';
import { explain } from './explain.ts';
import { rootDir } from './folders.ts';
import { resolveSecrets } from './secrets.ts';
import { addCatalog } from './catalog.command.ts';
import { addImport } from './import.command.ts';
import { addKeys } from './keys.command.ts';
import { createLogger } from './logger.ts';
import { migrateOnly } from './migrate.ts';
import { addPerson } from './person.command.ts';
import { serve } from './serve/serve.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

const EXAMPLES = `
Examples:
  gatehouse serve                                    on http://localhost:4000, with its own PostgreSQL
  PORT=8080 gatehouse serve                          on another port
  DATABASE_URL=postgres://… gatehouse serve          on a PostgreSQL of yours (15.9 or later)
  gatehouse admin create --email ada@example.com     another administrator; prints a link to set the password
  gatehouse audit verify FILE --key KEYS             whether an audit export is what was recorded; needs no server
  gatehouse person export --email … --out FILE       all data about a person; person erase erases it
  gatehouse import users FILE --dry-run              users of another system with their passwords; names each fault
  gatehouse catalog register billing.json            the permissions and resources of a service
  gatehouse keys rotate                              lets the next signing key take over; nobody is signed out
  gatehouse backup --out FILE                        copies the database into one encrypted file, while it runs
  gatehouse doctor                                   checks the settings and the database, and says what to mend

Settings come from the environment; docs/reference/configuration.md lists them all.
A secret can come from a file: put _FILE behind its name, for instance GATEHOUSE_MASTER_KEY_FILE=/run/secrets/key,
or from HashiCorp Vault: GATEHOUSE_MASTER_KEY=vault:secret/data/gatehouse#master_key (docs/guides/secrets.md).`;

/**
 * The command line (spec U4). Commands that need the whole server load it when they run: `serve` with workers holds a process that
 * answers nothing.
 * Exit status 0 for done, 1 for a fault told in one sentence, 2 for wrong arguments.
 */
export async function runCli(argv: string[]): Promise<void> {
  const program = new Command('gatehouse')
    .description('Gatehouse: the identity and access layer of a B2B cloud platform.')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(gatehouse --help shows what there is)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  program
    .command('serve')
    .description('start the service: API, pages and, unless DATABASE_URL is set, the embedded PostgreSQL')
    .option('--tls-dev', 'HTTPS with a certificate of its own for the names of this machine (development)')
    .addHelpText(
      'after',
      `
Stops in order on SIGTERM or Ctrl-C. Readiness is at /health/ready.
HTTPS: TLS_CERT_FILE and TLS_KEY_FILE name a certificate, which can be replaced while the server runs.
From another machine, in development:
  HOST=0.0.0.0 GATEHOUSE_PUBLIC_URL=https://192.0.2.7:4000 gatehouse serve --tls-dev`,
    )
    .action(({ tlsDev }: { tlsDev?: true }) =>
      run((config, log) => serve(config, log, say), tlsDev && { TLS_DEV: 'on' }),
    );
  program
    .command('migrate')
    .description('bring the database to this release and stop; serve does it by itself')
    .addHelpText(
      'after',
      '\nRoles and tables are made with DATABASE_ADMIN_URL, or DATABASE_URL without it. Migrations only go forward.',
    )
    .action(() => run((config, log) => migrateOnly(config, log, say)));
  const admin = program.command('admin').description('administrators of the deployment');
  admin
    .command('create')
    .description('make an administrator of the root tenant, or make an existing user of it one')
    .requiredOption('--email <address>', 'the address that signs in')
    .option('--name <name>', 'the name to show; the address without it')
    .addHelpText(
      'after',
      '\nPrints a single-use link with which the password is set. With the embedded database, stop the service first.',
    )
    .action((options: { email: string; name?: string }) =>
      run(async (config, log) => {
        const { createAdministrator } = await import('./admin.ts');
        await createAdministrator(config, log, options, say);
      }),
    );
  admin
    .command('reset-factors')
    .description(
      'remove all second factors of somebody who has lost them, the last administrator for instance',
    )
    .requiredOption('--email <address>', 'the address that signs in')
    .addHelpText(
      'after',
      '\nEnds all their sessions and tells them by mail. With the embedded database, stop the service first.',
    )
    .action((options: { email: string }) =>
      run(async (config, log) => {
        const { resetFactors } = await import('./admin.ts');
        await resetFactors(config, log, options, say);
      }),
    );
  program
    .command('doctor')
    .description('check settings, database, keys and mail, and say what to mend')
    .addHelpText(
      'after',
      '\nBrings the database to this release first, as serve does. With the embedded database, stop the service first.',
    )
    .action(() =>
      run(async (config, log) => {
        const { doctor } = await import('./doctor.ts');
        await doctor(config, log, say);
      }),
    );
  addAudit(
    program.command('audit').description('exports of the audit trail, and the proof that they are whole'),
    { run, say, explain },
  );
  addBackup(program, run, say);
  addCatalog(program, run, say);
  addPerson(
    program.command('person').description('the data of one person: export, erasure, consents'),
    run,
    say,
  );
  addImport(program, run, say);
  addKeys(
    program.command('keys').description('signing keys and the master key, and how they rotate'),
    run,
    say,
  );
  if (argv.length <= 2) program.outputHelp();
  else await program.parseAsync(argv);
}

/** Reads the settings, runs, and tells a fault in one sentence. */
async function run(
  work: (config: Config, log: Logger) => Promise<void>,
  flags: Record<string, string> = {},
): Promise<void> {
  try {
    const config = parseConfig(await resolveSecrets({ ...readEnvironment(), ...flags }), rootDir);
    await work(config, createLogger(config));
  } catch (error) {
    const lines = explain(error);
    process.stderr.write(`\ngatehouse: ${lines}\n`);
    process.exit(1);
  }
}

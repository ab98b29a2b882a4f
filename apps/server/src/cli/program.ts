import { Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import { type Config, ConfigError, parseConfig } from '../config/index.ts';
import { readEnvironment } from '../config/environment.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../features/audit/index.ts';
import { MasterRotationError } from '../features/keys/index.ts';
import { KeyFileError } from '../platform/crypto/index.ts';
import { DataFolderError } from '../platform/data-folder.ts';
import { MigrationError } from '../platform/database/index.ts';
import { Problem } from '../platform/http/index.ts';
import { WrongMasterKey } from '../platform/installation/index.ts';
import { CertificateError } from '../platform/tls/index.ts';
import { EmbeddedPostgresError } from '../platform/postgres/index.ts';
import { createAdministrator } from './admin.ts';
import { exportAudit, printPublicKeys, verifyAudit } from './audit.ts';
import { CliError } from './cli-error.ts';
import { doctor } from './doctor.ts';
import { rootDir } from './folders.ts';
import { addKeys } from './keys.command.ts';
import { createLogger } from './logger.ts';
import { migrateOnly } from './migrate.ts';
import { serve } from './serve.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

const EXAMPLES = `
Examples:
  gatehouse serve                                    on http://localhost:4000, with its own PostgreSQL
  PORT=8080 gatehouse serve                          on another port
  DATABASE_URL=postgres://… gatehouse serve          on a PostgreSQL of yours (15.9 or later)
  gatehouse admin create --email ada@example.com     another administrator; prints a link to set the password
  gatehouse audit verify FILE --key KEYS             whether an audit export is what was recorded; needs no server
  gatehouse keys rotate                              lets the next signing key take over; nobody is signed out
  gatehouse doctor                                   checks the settings and the database, and says what to mend

Settings come from the environment; docs/reference/configuration.md lists them all.
A secret can come from a file: put _FILE behind its name, for instance GATEHOUSE_MASTER_KEY_FILE=/run/secrets/key.`;

/** The command line (spec U4). Exit status 0 for done, 1 for a fault told in one sentence, 2 for wrong arguments. */
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
      run((config, log) => createAdministrator(config, log, options, say)),
    );
  program
    .command('doctor')
    .description('check settings, database, keys and mail, and say what to mend')
    .addHelpText(
      'after',
      '\nBrings the database to this release first, as serve does. With the embedded database, stop the service first.',
    )
    .action(() => run((config, log) => doctor(config, log, say)));
  addAudit(
    program.command('audit').description('exports of the audit trail, and the proof that they are whole'),
  );
  addKeys(
    program.command('keys').description('signing keys and the master key, and how they rotate'),
    run,
    say,
  );
  if (argv.length <= 2) program.outputHelp();
  else await program.parseAsync(argv);
}

const VERIFY_HELP = `
The file is one of GET /api/v1/audit/export (jsonl or csv) or of gatehouse audit export. Nothing but the two files is
read: no network, no settings, no database. Every record is hashed and held against the tree whose root the key signed.

  gatehouse audit verify audit.jsonl --key audit-keys.json
  gatehouse audit verify audit.jsonl --key audit-keys.json --since january.checkpoint

KEYS is what https://YOUR-GATEHOUSE/.well-known/gatehouse-audit-keys.json answers. Keep a copy of it somewhere else: who
can change the server could change what it publishes. Without --since, records that were cut off at the end together with
their checkpoint cannot be missed; keep what GET /api/v1/audit/checkpoint answers, now and then, and name the newest.

Exit status: 0 everything holds; 1 something was removed, altered or reordered, or is not signed by this key; 2 an
argument is wrong or a file cannot be read.`;

const EXPORT_HELP = `
With the embedded database, stop the service first. That somebody exported is itself on record (data_exported).

  gatehouse audit export --tenant 00000000-0000-7000-8000-000000000001 --out audit.jsonl
  gatehouse audit export --tenant … --out february.jsonl --from-seq 51234     what came after 51234 records`;

function addAudit(audit: Command): void {
  audit
    .command('verify')
    .argument('<file>', 'an export, JSON Lines or CSV')
    .description('judge an export by the public key alone, and name what was removed, altered or reordered')
    .requiredOption('--key <keys>', 'file with the public keys: JSON as published, a verifier key, or PEM')
    .option(
      '--since <checkpoint>',
      'a checkpoint that was kept: shows a lost tail, and a log that was rewritten',
    )
    .option('--partial', 'the file is meant to hold a part of the log (a range, or what fits a filter)')
    .addHelpText('after', VERIFY_HELP)
    .action(async (file: string, options: { key: string; since?: string; partial?: boolean }) => {
      try {
        process.exitCode = (await verifyAudit(file, options, say)) ? 0 : 1;
      } catch (error) {
        process.stderr.write(`\ngatehouse: ${explain(error)}\n`);
        process.exitCode = 2;
      }
    });
  audit
    .command('public-key')
    .description('print the public keys of audit checkpoints, as the server publishes them')
    .addHelpText(
      'after',
      '\nWith the embedded database, stop the service first, or ask it: GET /.well-known/gatehouse-audit-keys.json',
    )
    .action(() => run((config, log) => printPublicKeys(config, log, say)));
  audit
    .command('export')
    .description("write a tenant's sealed records into a file that audit verify judges")
    .requiredOption('--tenant <id>', 'whose records')
    .requiredOption('--out <file>', 'a file that is not there yet')
    .addOption(
      new Option('--format <format>', 'jsonl and csv can be verified')
        .choices(EXPORT_FORMATS)
        .default('jsonl'),
    )
    .option('--from-seq <number>', 'the first number', wholeNumber)
    .option('--to-seq <number>', 'the number after the last', wholeNumber)
    .addHelpText('after', EXPORT_HELP)
    .action(
      (options: { tenant: string; out: string; format: ExportFormat; fromSeq?: number; toSeq?: number }) =>
        run((config, log) => exportAudit(config, log, options, say)),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Reads the settings, runs, and tells a fault in one sentence. */
async function run(
  work: (config: Config, log: Logger) => Promise<void>,
  flags: Record<string, string> = {},
): Promise<void> {
  try {
    const config = parseConfig({ ...readEnvironment(), ...flags }, rootDir);
    await work(config, createLogger(config));
  } catch (error) {
    const lines = explain(error);
    process.stderr.write(`\ngatehouse: ${lines}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    return error.faults.length === 1
      ? (error.faults[0] ?? '')
      : `${error.faults.length} settings are wrong:\n${error.faults.map((fault) => `  - ${fault}`).join('\n')}`;
  }
  const told = [
    CertificateError,
    CliError,
    DataFolderError,
    EmbeddedPostgresError,
    KeyFileError,
    MasterRotationError,
    MigrationError,
    WrongMasterKey,
    Problem,
  ].some((type) => error instanceof type);
  if (told) return (error as Error).message;
  if (error instanceof Error && error.name === 'AbortError') return 'stopped before it was ready.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

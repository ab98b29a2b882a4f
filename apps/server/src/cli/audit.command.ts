import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import type { ExportFormat } from '../features/audit/index.ts';

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

const ROTATE_HELP = `
The service may run meanwhile; it follows within a second. Older checkpoints verify by the old key, which stays published
as retired: give auditors the new file of public keys. If the old key is in other hands, tell them until when it was good,
and to keep no checkpoint of it that they did not have by then.`;

const EXPORT_HELP = `
The service may run meanwhile. That somebody exported is itself on record (data_exported).

  gatehouse audit export --tenant 00000000-0000-7000-8000-000000000001 --out audit.jsonl
  gatehouse audit export --tenant … --out february.jsonl --from-seq 51234     what came after 51234 records`;

const RETENTION_HELP = `
Without a setting, a tenant keeps its records for good. With one, running servers remove each hour what is older, in batches;
a checkpoint signed by the audit key stands in the place of what is gone, and everything that is left verifies from it:
gatehouse audit verify says so, and names whatever is missing that retention does not explain.

  gatehouse audit retention --tenant …                 what is set, and how far records are gone
  gatehouse audit retention --tenant … --days 400      never fewer than AUDIT_RETENTION_MINIMUM_DAYS
  gatehouse audit retention --tenant … --forever
  gatehouse audit retention --tenant … --apply         remove what is old enough now, and not within the hour

What is removed does not come back: export it first if you want to keep it. Auditors keep a checkpoint that is newer than the
oldest record, or --since can no longer be held against an export. The service may run meanwhile.`;

const load = () => import('./audit.ts');
const FORMATS = Object.keys({
  jsonl: true,
  csv: true,
  syslog: true,
  ocsf: true,
} satisfies Record<ExportFormat, true>);

/** `gatehouse audit …` */
export function addAudit(
  audit: Command,
  {
    run,
    say,
    explain,
  }: {
    run(work: (config: Config, log: Logger) => Promise<void>): Promise<void>;
    say(line: string): void;
    explain(error: unknown): string;
  },
): void {
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
        process.exitCode = (await (await load()).verifyAudit(file, options, say)) ? 0 : 1;
      } catch (error) {
        process.stderr.write(`\ngatehouse: ${explain(error)}\n`);
        process.exitCode = 2;
      }
    });
  audit
    .command('public-key')
    .description('print the public keys of audit checkpoints, as the server publishes them')
    .addHelpText('after', '\nThe service may run meanwhile. No private key is shown.')
    .action(() => run(async (config, log) => (await load()).printPublicKeys(config, log, say)));
  audit
    .command('rotate-key')
    .description('sign checkpoints with a new key from now on')
    .addHelpText('after', ROTATE_HELP)
    .action(() => run(async (config, log) => (await load()).rotateKey(config, log, say)));
  audit
    .command('retention')
    .description('how long a tenant keeps its records; shows it, sets it, and applies it at once')
    .requiredOption('--tenant <id>', 'whose records')
    .addOption(
      new Option('--days <number>', 'remove what is older').argParser(wholeNumber).conflicts('forever'),
    )
    .option('--forever', 'remove nothing any more')
    .option('--apply', 'remove what is old enough now')
    .addHelpText('after', RETENTION_HELP)
    .action((options: { tenant: string; days?: number; forever?: true; apply?: true }) =>
      run(async (config, log) => (await load()).auditRetention(config, log, options, say)),
    );
  audit
    .command('export')
    .description("write a tenant's sealed records into a file that audit verify judges")
    .requiredOption('--tenant <id>', 'whose records')
    .requiredOption('--out <file>', 'a file that is not there yet')
    .addOption(
      new Option('--format <format>', 'jsonl and csv can be verified').choices(FORMATS).default('jsonl'),
    )
    .option('--from-seq <number>', 'the first number', wholeNumber)
    .option('--to-seq <number>', 'the number after the last', wholeNumber)
    .addHelpText('after', EXPORT_HELP)
    .action(
      (options: { tenant: string; out: string; format: ExportFormat; fromSeq?: number; toSeq?: number }) =>
        run(async (config, log) => (await load()).exportAudit(config, log, options, say)),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

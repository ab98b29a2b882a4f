import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import {
  exportForOperator,
  type ExportFormat,
  publicAuditKeys,
  readExport,
  readPublicKeys,
  retentionForOperator,
  rotateAuditKey,
  sayFinding,
  verifyExport,
} from '../features/audit/index.ts';
import { CliError } from './cli-error.ts';
import { withServer } from './keys.ts';
import { writeWholeFile } from './whole-file.ts';

/** So many findings are told one by one. */
const TOLD = 200;

/** `gatehouse audit verify`: reads files and nothing else. Resolves to whether everything holds. */
export async function verifyAudit(
  path: string,
  options: { key: string; since?: string; partial?: boolean },
  say: (line: string) => void,
): Promise<boolean> {
  const keys = readPublicKeys(await read(options.key, '--key'));
  if (keys.length === 0)
    throw new CliError(
      `--key: ${options.key} holds no public key of audit checkpoints. Take it from /.well-known/gatehouse-audit-keys.json, or from gatehouse audit public-key.`,
    );
  const since = options.since === undefined ? undefined : await read(options.since, '--since');
  const { header, checkpoint, retention, records, findings } = await verifyExport(readExport(path), {
    keys,
    since,
    partial: options.partial ?? false,
  }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (header && checkpoint) {
    const range =
      header.filter === null ? `records ${header.from} to ${header.to - 1}` : 'what fits a filter';
    say(`${path}: ${range} of ${checkpoint.origin}`);
    say(`checkpoint of ${checkpoint.size} records, root ${checkpoint.root.toString('base64')}`);
    if (retention)
      say(
        `records 0 to ${retention.size - 1} were removed by retention, all from before ${retention.before}; a signed checkpoint says so, and the rest grew from it`,
      );
  }
  for (const finding of findings.slice(0, TOLD)) say(sayFinding(finding));
  if (findings.length > TOLD) say(`… and ${findings.length - TOLD} more`);
  say(
    findings.length === 0
      ? `OK: ${records} records, none removed, altered or reordered${since === undefined ? '' : '; the log grew from the checkpoint of --since'}.`
      : `NOT OK: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'} in ${records} records.`,
  );
  return findings.length === 0;
}

async function read(path: string, option: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(`${option}: ${path}`, error);
  });
}

const unreadable = (path: string, error: unknown) => {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error : new CliError(`${path} cannot be read (${code}).`);
};

/** `gatehouse audit public-key` */
export const printPublicKeys = (config: Config, log: Logger, say: (line: string) => void): Promise<void> =>
  withServer(config, log, async ({ deps }) => say(JSON.stringify(publicAuditKeys(deps.auditKeys), null, 2)));

/** `gatehouse audit rotate-key` */
export const rotateKey = (config: Config, log: Logger, say: (line: string) => void): Promise<void> =>
  withServer(config, log, async ({ deps }) => {
    const rotated = await rotateAuditKey(deps);
    if (rotated === undefined) throw new CliError('Somebody else rotated the key at the same moment.');
    say(`${rotated.kid} signs checkpoints from now on; running servers follow within a second.`);
    say(`${rotated.retired} still verifies those that it signed, and is published as retired.`);
    say('Give auditors the public keys anew: gatehouse audit public-key');
  });

/** `gatehouse audit export` */
export const exportAudit = (
  config: Config,
  log: Logger,
  options: { tenant: string; out: string; format: ExportFormat; fromSeq?: number; toSeq?: number },
  say: (line: string) => void,
): Promise<void> =>
  withServer(config, log, async ({ deps }) => {
    const file = await exportForOperator(deps, options);
    if (file === undefined) throw new CliError(`--tenant: there is no tenant with the id ${options.tenant}.`);
    await writeWholeFile(options.out, file);
    say(`Written to ${options.out}.`);
  });

/** `gatehouse audit retention` */
export const auditRetention = (
  config: Config,
  log: Logger,
  options: { tenant: string; days?: number; forever?: true; apply?: true },
  say: (line: string) => void,
): Promise<void> =>
  withServer(config, log, async ({ deps }) => {
    const { tenant, days, forever, apply } = options;
    if (days !== undefined && (days < 1 || days > 36_500))
      throw new CliError('--days must be between 1 and 36500.');
    const found = await retentionForOperator(deps, {
      tenant,
      days: forever === true ? null : days,
      apply: apply === true,
    });
    if (found === undefined) throw new CliError(`--tenant: there is no tenant with the id ${tenant}.`);
    const { retention, applied } = found;
    if (applied) say(`Removed now: ${applied.records} records, ${applied.decisions} permits.`);
    say(
      retention.days === null ? 'Records are kept for good.' : `Records are kept for ${retention.days} days.`,
    );
    if (retention.checkpoint === null) return say('None was ever removed.');
    say(
      `Records 0 to ${retention.removedBelow - 1} are gone, all from before ${retention.removedBefore ?? '?'}.`,
    );
    say(`The checkpoint that stands in their place:\n\n${retention.checkpoint}`);
  });

import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';

const BACKUP_HELP = `
Everything that the database keeps, as it was at one moment, in one file; the service may run meanwhile, and is not held up.
The file gets its name when it is whole and on the disk: a copy that was interrupted is none.

It is encrypted. Its key is sealed under the master key (GATEHOUSE_MASTER_KEY), which is NOT in the file, as it is not in the
database: without it the copy is worth nothing. Keep that key in another place than the copies, and never change one without
keeping the other:
  with GATEHOUSE_MASTER_KEY_FILE or Vault    copy that file, or what the secret manager holds
  in development                             the file keys/master.key in the data folder

Reads with DATABASE_ADMIN_URL, or DATABASE_URL without it; with the embedded database, beside the running service or without.

  gatehouse backup --out /backups/2026-11-21.gatehouse
  gatehouse restore --check /backups/2026-11-21.gatehouse      is it whole, and do we have its key?

How often, where to, and how to try it out: docs/guides/backup.md`;

const RESTORE_HELP = `
Puts a copy into an empty database (another GATEHOUSE_DATA_DIR, or an empty database in DATABASE_URL): all of it, or nothing.
A copy that is not whole, was altered, or was made by a later release is refused; one of an earlier release is brought to this
one. Needs the master key of that time; stop the service first.

What has happened since the copy is gone, and must not come back by halves. So everybody signs in again, links that were mailed
are worth nothing, mail that waited is not sent, and there are new signing keys. Passwords, roles, suspensions and keys of
audit checkpoints are as they were then, and people who were erased since are back: look through what was changed since.

  GATEHOUSE_DATA_DIR=/srv/new gatehouse restore /backups/2026-11-21.gatehouse
  gatehouse restore --check FILE       reads the whole file, checks everything, and touches no database`;

const load = () => import('./backup.ts');

/** `gatehouse backup`, `gatehouse restore` */
export function addBackup(
  program: Command,
  run: (work: (config: Config, log: Logger) => Promise<void>) => Promise<void>,
  say: (line: string) => void,
): void {
  program
    .command('backup')
    .description('copy the database into one encrypted file, while the service runs')
    .requiredOption('--out <file>', 'a file that is not there yet')
    .addHelpText('after', BACKUP_HELP)
    .action((options: { out: string }) =>
      run(async (config, log) => (await load()).backUp(config, log, options, say)),
    );
  program
    .command('restore')
    .argument('<file>', 'a copy that gatehouse backup has made')
    .description('put a copy into an empty database')
    .option('--check', 'only read the copy, and say whether it is whole')
    .addHelpText('after', RESTORE_HELP)
    .action((file: string, options: { check?: true }) =>
      run(async (config, log) => {
        const { checkBackup, restore } = await load();
        await (options.check ? checkBackup(config, file, say) : restore(config, log, file, say));
      }),
    );
}

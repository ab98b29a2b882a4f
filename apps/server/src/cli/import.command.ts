import { type Command, InvalidArgumentError } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import type { ImportGiven } from './import.ts';

const HELP = `
FILE has one JSON object on each line:

  {"tenant":"018f…","email":"ada@example.com","name":"Ada","email_verified":true,"roles":["admin"],"password_hash":"$2b$12$…"}

  tenant          id of the tenant; --tenant for lines without
  email, name     name may be missing: then the address
  email_verified  true: active at once. false or missing: invited, without the password, until a mailed link is used
  roles           given in the name of --granted-by, who must hold them
  password_hash   bcrypt ($2a$ $2b$ $2y$), $argon2i$ $argon2id$, $scrypt$, $pbkdf2-sha1$ -sha256$ -sha512$; with
                  password_salt a hash of Firebase, and --firebase-… as the console of its project shows them
  custom_password_hash   as in Auth0's imports: bcrypt, argon2, pbkdf2 or scrypt

  gatehouse import users users.jsonl --tenant 018f… --dry-run
  gatehouse import users users.jsonl --tenant 018f… --granted-by root@example.com

--dry-run names each fault by its line and writes nothing; hashes are never shown. Users who are there already are left as they
are, so that the same command can be run again. Ctrl-C stops between two batches. The service may run meanwhile. Exit status 1 if
a line has a fault. More, with recipes for Auth0 and Firebase: docs/guides/importing-users.md.`;

/** `gatehouse import …` */
export function addImport(
  program: Command,
  run: (work: (config: Config, log: Logger) => Promise<void>) => Promise<void>,
  say: (line: string) => void,
): void {
  program
    .command('import')
    .description('users of another system, with their passwords')
    .command('users')
    .argument('<file>', 'one JSON object on each line')
    .description(
      'import users with the password hashes of another system; each is hashed anew at its sign-in',
    )
    .option('--tenant <id>', 'for lines that name no tenant')
    .option('--dry-run', 'name all faults, and write nothing')
    .option('--granted-by <address>', 'the administrator in whose name roles are given')
    .option('--firebase-signer-key <base64>', 'base64_signer_key of a Firebase project')
    .option('--firebase-salt-separator <base64>', 'base64_salt_separator')
    .option('--firebase-rounds <number>', 'rounds; 8 without it', wholeNumber)
    .option('--firebase-mem-cost <number>', 'mem_cost; 14 without it', wholeNumber)
    .addHelpText('after', HELP)
    .action((file: string, options: ImportGiven) =>
      run(async (config, log) => {
        const { importUsers } = await import('./import.ts');
        if (!(await importUsers(config, log, { ...options, file }, say))) process.exitCode = 1;
      }),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

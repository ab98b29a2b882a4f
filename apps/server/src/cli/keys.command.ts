import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';

const ROTATE_HELP = `
Access tokens are signed by one key, which others verify by the JWK Set at /.well-known/jwks.json. The key that signs next
is in there long before its turn, so that nobody meets a token whose key they cannot know. Rotating lets it take over, makes
the one after it, and keeps the old one published until the last token that it signed has expired. Nobody is signed out.

Servers may run meanwhile, also with the embedded database; they follow within a second or two. Servers do the same by
themselves every SIGNING_KEY_ROTATION_DAYS.

  gatehouse keys rotate                  routine, or after somebody left
  gatehouse keys rotate --compromised    a private key is in other hands: every key is thrown away at once; browsers renew
                                         by themselves, bearer tokens that were handed out are refused`;

const ROTATE_MASTER_HELP = `
What the database keeps secret (private keys, password hashes, mail that waits, keys of persons) is sealed under the master
key, each value with the id of its key. To change it while the service runs:

  1. openssl rand -base64 32 > new.key
  2. Every server, one after the other, gets both: GATEHOUSE_MASTER_KEY is the new one, GATEHOUSE_MASTER_KEY_PREVIOUS the
     present one. They go on with the present one, which the database names.
  3. gatehouse keys rotate-master, with the same two settings. From its first moment everything new is sealed under the new
     key; then all that is there is sealed again. It may be killed and run again: it goes on where it was.
  4. When it says so, take GATEHOUSE_MASTER_KEY_PREVIOUS away. Keep the old key with the backups that were made under it.

Servers may run meanwhile, also with the embedded database. Nobody is signed out, and no link that was mailed is lost.`;

const load = () => import('./keys.ts');

/** `gatehouse keys …` */
export function addKeys(
  keys: Command,
  run: (work: (config: Config, log: Logger) => Promise<void>) => Promise<void>,
  say: (line: string) => void,
): void {
  keys
    .command('list')
    .description('the signing keys: which signs, which signs next, which still verify')
    .addHelpText('after', '\nServers may run meanwhile. No private key is shown.')
    .action(() => run(async (config, log) => (await load()).listKeys(config, log, say)));
  keys
    .command('rotate')
    .description('let the next signing key take over')
    .option('--compromised', 'throw every key away at once and make new ones')
    .addHelpText('after', ROTATE_HELP)
    .action((options: { compromised?: boolean }) =>
      run(async (config, log) => (await load()).rotateKeys(config, log, options, say)),
    );
  keys
    .command('rotate-master')
    .description('seal everything in the database under GATEHOUSE_MASTER_KEY')
    .addHelpText('after', ROTATE_MASTER_HELP)
    .action(() => run(async (config, log) => (await load()).rotateMaster(config, log, say)));
}

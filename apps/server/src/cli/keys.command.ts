import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { listKeys, rotateKeys } from './keys.ts';

const ROTATE_HELP = `
Access tokens are signed by one key, which others verify by the JWK Set at /.well-known/jwks.json. The key that signs next
is in there long before its turn, so that nobody meets a token whose key they cannot know. Rotating lets it take over, makes
the one after it, and keeps the old one published until the last token that it signed has expired. Nobody is signed out.

Servers may run meanwhile, also with the embedded database; they follow within a second or two. Servers do the same by
themselves every SIGNING_KEY_ROTATION_DAYS.

  gatehouse keys rotate                  routine, or after somebody left
  gatehouse keys rotate --compromised    a private key is in other hands: every key is thrown away at once; browsers renew
                                         by themselves, bearer tokens that were handed out are refused`;

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
    .action(() => run((config, log) => listKeys(config, log, say)));
  keys
    .command('rotate')
    .description('let the next signing key take over')
    .option('--compromised', 'throw every key away at once and make new ones')
    .addHelpText('after', ROTATE_HELP)
    .action((options: { compromised?: boolean }) =>
      run((config, log) => rotateKeys(config, log, options, say)),
    );
}

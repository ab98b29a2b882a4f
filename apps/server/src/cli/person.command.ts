import { type Command, Option } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import type { Given } from './person.ts';

const load = () => import('./person.ts');

const WHO = `
Who is meant: --email, the address that signs in; or --tenant and --user, the ids, for whoever has none of that or was deleted.
The service may run meanwhile.`;

const EXPORT_HELP = `${WHO} That somebody exported is itself on record (data_exported).

  gatehouse person export --email ada@example.com --out ada.json

One JSON document: the account, addresses, roles, memberships, sessions, consents, and the audit records that the person caused
or that are about the person. What it has of each column of the database, and why not the rest: docs/security/personal-data.md.`;

const ERASE_HELP = `${WHO}

  gatehouse person erase --email ada@example.com --yes
  gatehouse person erase --tenant … --user … --yes      also somebody whose account was deleted before

For good. The account goes with sessions, credentials, links, roles and memberships everywhere, and mail that waits; the key is
destroyed under which records say who it was. The records stay, and verify. The address is free.
Without --even-last-administrator, the last administrator of a tenant is refused: give the role to somebody else first.
Backups that were made before still have the person: see docs/guides/personal-data.md for what to do after a restore.`;

const WITHDRAW_HELP = `${WHO}

  gatehouse person withdraw-consent --email ada@example.com --purpose product-news

For a withdrawal that came by letter or telephone. Nobody but the person can grant one.`;

/** `gatehouse person …` */
export function addPerson(
  person: Command,
  run: (work: (config: Config, log: Logger) => Promise<void>) => Promise<void>,
  say: (line: string) => void,
): void {
  const about = (command: Command) =>
    command
      .addOption(new Option('--email <address>', 'the address that signs in').conflicts(['tenant', 'user']))
      .option('--tenant <id>', 'the home tenant, beside --user')
      .option('--user <id>', 'the user, beside --tenant');
  about(person.command('export'))
    .description('write all data about a person into a file, as JSON (GDPR Art. 15, 20)')
    .requiredOption('--out <file>', 'a file that is not there yet')
    .addHelpText('after', EXPORT_HELP)
    .action((options: Given & { out: string }) =>
      run(async (config, log) => (await load()).exportPerson(config, log, options, say)),
    );
  about(person.command('erase'))
    .description('erase a person for good; what was recorded stays, and names nobody (GDPR Art. 17)')
    .option('--yes', 'it cannot be undone, and that is known')
    .option('--even-last-administrator', 'even where the tenant keeps nobody who administers it')
    .addHelpText('after', ERASE_HELP)
    .action((options: Given & { yes?: true; evenLastAdministrator?: true }) =>
      run(async (config, log) => (await load()).erasePerson(config, log, options, say)),
    );
  about(person.command('consents'))
    .description('what a person consented to and took back, newest first')
    .addHelpText('after', WHO)
    .action((options: Given) =>
      run(async (config, log) => (await load()).listConsents(config, log, options, say)),
    );
  about(person.command('withdraw-consent'))
    .description('note down that a person takes a consent back')
    .requiredOption('--purpose <purpose>', 'what was consented to')
    .addHelpText('after', WITHDRAW_HELP)
    .action((options: Given & { purpose: string }) =>
      run(async (config, log) => (await load()).withdrawConsent(config, log, options, say)),
    );
}

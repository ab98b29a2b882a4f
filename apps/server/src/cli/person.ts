import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import {
  consentsForOperator,
  eraseForOperator,
  exportForOperator,
  type PersonGiven,
  withdrawForOperator,
} from '../features/personal-data/index.ts';
import { CliError } from './cli-error.ts';
import { withServer } from './keys.ts';
import { writeWholeFile } from './whole-file.ts';

/** As it was typed. */
export interface Given {
  email?: string;
  tenant?: string;
  user?: string;
}
type Say = (line: string) => void;

function whoOf({ email, tenant, user }: Given): PersonGiven {
  if (email !== undefined) return { email };
  if (tenant !== undefined && user !== undefined) return { tenant, user };
  throw new CliError('Say who: --email, or both --tenant and --user.');
}

/** `gatehouse person export` */
export const exportPerson = (config: Config, log: Logger, options: Given & { out: string }, say: Say) => {
  const who = whoOf(options);
  return withServer(config, log, async ({ deps }) => {
    const document = await exportForOperator(deps, who);
    await writeWholeFile(options.out, document);
    say(`Written to ${options.out}. It is readable by you alone; hand it to nobody but the person.`);
  });
};

/** `gatehouse person erase` */
export const erasePerson = (
  config: Config,
  log: Logger,
  options: Given & { yes?: true; evenLastAdministrator?: true },
  say: Say,
) => {
  const who = whoOf(options);
  if (options.yes !== true)
    throw new CliError(
      'An erasure cannot be undone. Export first if the person wants the data, then say --yes.',
    );
  return withServer(config, log, async ({ deps }) => {
    const id = await eraseForOperator(deps, who, {
      evenLastAdministrator: options.evenLastAdministrator === true,
    });
    say(`Erased: ${id}. Running servers follow within a second.`);
    say('Backups from before still have the person; after a restore, erase again by --tenant and --user.');
  });
};

/** `gatehouse person consents` */
export const listConsents = (config: Config, log: Logger, options: Given, say: Say) => {
  const who = whoOf(options);
  return withServer(config, log, async ({ deps }) => {
    let count = 0;
    for await (const it of consentsForOperator(deps, who)) {
      count += 1;
      const from = it.ip === null ? '' : `, from ${it.ip}`;
      say(
        `${it.time}  ${it.state.padEnd(9)}  ${it.purpose} ${it.version}${it.current ? '  (counts)' : ''}${from}`,
      );
    }
    if (count === 0) say('Nothing was ever consented to.');
  });
};

/** `gatehouse person withdraw-consent` */
export const withdrawConsent = (
  config: Config,
  log: Logger,
  options: Given & { purpose: string },
  say: Say,
) => {
  const who = whoOf(options);
  return withServer(config, log, async ({ deps }) => {
    const it = await withdrawForOperator(deps, who, options.purpose);
    say(`Withdrawn: ${it.purpose}, which was granted by version ${it.version} of the text.`);
  });
};

import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import {
  algorithmOf,
  listSigningKeys,
  replaceSigningKeys,
  rotateMasterKey,
  rotateSigningKey,
  type Rotation,
} from '../features/keys/index.ts';
import { createServer, type Server } from '../server.ts';
import { masterSealer } from '../master-sealer.ts';
import { CliError } from './cli-error.ts';
import { openDatabaseBeside } from './database.ts';
import { consoleDir, hashWorkerUrl } from './folders.ts';

type Say = (line: string) => void;

/** `gatehouse keys list` */
export async function listKeys(config: Config, log: Logger, say: Say): Promise<void> {
  await withServer(config, log, async ({ deps }) => {
    const keys = await listSigningKeys(deps);
    if (keys.length === 0)
      say('HS256 mode: tokens are signed with SECRET_KEY, and there are no signing keys.');
    for (const key of keys) {
      say(`${key.kid}  ${key.alg.padEnd(6)} ${key.status.padEnd(8)} ${key.purpose}, ${standing(key)}`);
      say(`                  published ${at(key.created_at)}, sealed under master key ${key.masterKeyId}`);
    }
  });
}

function standing(key: Awaited<ReturnType<typeof listSigningKeys>>[number]): string {
  if (key.status === 'active') return `signs since ${at(key.activated_at ?? key.created_at)}`;
  if (key.status === 'retired') return `verifies until ${at(key.verifies_until ?? key.created_at)}`;
  if (key.signs_from !== null) return `signs from ${at(key.signs_from)}`;
  return `stands by, may sign from ${at(key.ripeAt)}`;
}

/** `gatehouse keys rotate` */
export async function rotateKeys(
  config: Config,
  log: Logger,
  options: { compromised?: boolean },
  say: Say,
): Promise<void> {
  const alg = algorithmOf(config);
  if (alg === undefined)
    throw new CliError(
      'TOKEN_ALGORITHM=hs256 signs with SECRET_KEY: change that setting everywhere at once, or change to es256, whose keys rotate.',
    );
  await withServer(config, log, async ({ deps }) => {
    const rotation = await (options.compromised === true ? replaceSigningKeys : rotateSigningKey)(deps, alg);
    for (const line of linesOf(rotation)) say(line);
  });
}

function linesOf(rotation: Rotation): string[] {
  switch (rotation.outcome) {
    case 'rotated':
      return [
        `${rotation.active} signs from now on; running servers follow within a second or two.`,
        `${rotation.retired} stays in the JWK Set until ${at(rotation.verifiesUntil)}, since tokens that it signed may live so long.`,
      ];
    case 'ordered':
      return [
        `${rotation.active} signs on: ${rotation.next} was published a moment ago, and others may hold a JWK Set without it.`,
        `A running server lets it take over at ${at(rotation.signsFrom)}; nothing more has to be done.`,
      ];
    case 'replaced':
      return [
        `${rotation.active} signs from now on. Removed, and worth nothing any more: ${rotation.removed.join(', ')}.`,
        'Browsers renew by themselves. Other services refuse the new tokens until they fetch the JWK Set again, and take the',
        'old ones until then: most fetch it at the first unknown kid, and all within five minutes. Restart those that do not.',
      ];
  }
}

/** `gatehouse keys rotate-master` */
export async function rotateMaster(config: Config, log: Logger, say: Say): Promise<void> {
  await withServer(config, log, async ({ deps }) => {
    const { keyId, since, resealed, left } = await rotateMasterKey(deps, say);
    if (left.length > 0) {
      const what = left.map(({ table, column, count }) => `${count} in ${table}.${column}`).join(', ');
      throw new CliError(
        `Still sealed under another key, and opened by none at hand: ${what}. Keep every key that you have, put the one that is missing into GATEHOUSE_MASTER_KEY_PREVIOUS, and run this again.`,
      );
    }
    say(
      `Nothing is sealed under another key than ${keyId} any more (${resealed} values sealed again, all looked through).`,
    );
    if (deps.sealer.keyIds.length === 1) return;
    const until = new Date(since.getTime() + config.refreshTokenDays * 86_400_000);
    say(
      until <= deps.clock.now()
        ? 'GATEHOUSE_MASTER_KEY_PREVIOUS may be dropped now.'
        : `GATEHOUSE_MASTER_KEY_PREVIOUS may be dropped; whoever has not been here since would have to sign in again. From ${at(until)} on nobody has to.`,
    );
  });
}

const at = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** What is needed of a server, beside those that run; it listens to nothing. */
export async function withServer(
  config: Config,
  log: Logger,
  work: (server: Server) => Promise<void>,
): Promise<void> {
  const database = await openDatabaseBeside(config, masterSealer(config), log);
  try {
    const server = await createServer({ config, log, databaseUrl: database.url, consoleDir, hashWorkerUrl });
    try {
      await work(server);
    } finally {
      await server.close();
    }
  } finally {
    await database.stop();
  }
}

import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { importUsers as run } from '../features/user-import/index.ts';
import { CliError } from './cli-error.ts';
import { withServer } from './keys.ts';

/** As it was typed. */
export interface ImportGiven {
  tenant?: string;
  dryRun?: true;
  grantedBy?: string;
  firebaseSignerKey?: string;
  firebaseSaltSeparator?: string;
  firebaseRounds?: number;
  firebaseMemCost?: number;
}

const EVERY = 1000;

/** `gatehouse import users`. Resolves to whether every line is in. */
export async function importUsers(
  config: Config,
  log: Logger,
  { file, ...given }: ImportGiven & { file: string },
  say: (line: string) => void,
): Promise<boolean> {
  const firebase = firebaseOf(given);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  const dryRun = given.dryRun === true;
  const done = dryRun ? 'can be imported' : 'imported';
  let isGood = false;
  try {
    await withServer(config, log, async ({ deps }) => {
      let told = 0;
      const totals = await run(deps, {
        file,
        tenant: given.tenant,
        firebase,
        dryRun,
        grantedBy: given.grantedBy,
        signal: stop.signal,
        onFault: (line, fault) => say(`line ${line}: ${fault}`),
        onProgress: ({ lines, imported }) => {
          if (lines - told < EVERY) return;
          told = lines;
          say(`… ${lines} lines, ${imported} ${done}`);
        },
      });
      const { lines, imported, present, faults, whole } = totals;
      say(`${lines} lines: ${imported} ${done}, ${present} there already, ${faults} with faults.`);
      if (!whole) say('Stopped by a signal. Run the same command again for the rest.');
      isGood = whole && faults === 0;
    });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'EISDIR', 'EACCES'].includes(code))
      throw new CliError(`${file} cannot be read (${code}).`);
    throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
  return isGood;
}

function firebaseOf(given: ImportGiven) {
  const { firebaseSignerKey: signerKey, firebaseSaltSeparator, firebaseRounds, firebaseMemCost } = given;
  if (signerKey === undefined) return undefined;
  return {
    signerKey,
    saltSeparator: firebaseSaltSeparator ?? '',
    rounds: firebaseRounds ?? 8,
    memoryCost: firebaseMemCost ?? 14,
  };
}

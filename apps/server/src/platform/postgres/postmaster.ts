import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import type { PostgresLog } from './embedded-postgres.ts';
import { diskFull, EmbeddedPostgresError, systemCode } from './embedded-postgres.errors.ts';
import { replaceFile } from './folder.ts';
import { commandAs } from './operating-system-user.ts';
import { disownPidFile, isServerOf, readPidFile } from './pid-file.ts';
import type { Place } from './place.ts';
import { clearRuntimeFolder } from './runtime-folder.ts';
import { decisiveLine, openServerLog, speaksOfFullDisk } from './server-log.ts';
import { accessRules, serverSettings } from './settings.ts';

const pollEvery = 10;
const saySlowAfter = 5_000;
/** Backends orphaned by a killed server notice it within moments; until then they hold the old shared memory. */
const orphansLeaveWithin = 8_000;
const stopInOrderWithin = 60_000;

export interface StartRequest {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly runtimeFolder: string;
  readonly log: PostgresLog;
  readonly signal?: AbortSignal | undefined;
}

/** @returns the running server, or `undefined` when another start of the same folder came first */
export async function startPostmaster(request: StartRequest): Promise<ChildProcess | undefined> {
  for (const rule of accessRules(request.place)) await replaceFile(rule.path, rule.content, 0o644);
  const giveUp = Date.now() + orphansLeaveWithin;
  for (;;) {
    await clearOwnFolder(request);
    await disownPidFile(request.place.database);
    const outcome = await tryStart(request);
    if (typeof outcome !== 'string') return outcome;
    if (/lock file "postmaster\.pid" already exists|is another postmaster/i.test(outcome)) return undefined;
    const orphaned = outcome.includes('pre-existing shared memory block');
    if (!orphaned || Date.now() > giveUp) throw startFault(request.place, outcome);
    await delay(100, undefined, { signal: request.signal });
  }
}

/** @throws EmbeddedPostgresError when another start has removed it, which took our server for that of somebody who is gone */
async function clearOwnFolder({ place, runtimeFolder }: StartRequest): Promise<void> {
  await clearRuntimeFolder(runtimeFolder).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new EmbeddedPostgresError(
      'folder_in_use',
      `Another Gatehouse has just taken the data folder of ${place.home}: stop it first, or name another folder in GATEHOUSE_DATA_DIR.`,
      { cause },
    );
  });
}

/** @returns the running server, or what it printed before it gave up */
async function tryStart({
  place,
  binaries,
  runtimeFolder,
  log,
  signal,
}: StartRequest): Promise<ChildProcess | string> {
  const output = await openServerLog(place);
  try {
    const settings = ['-D', place.database, ...serverSettings(place, runtimeFolder)];
    const { command, args, options } = commandAs(place.runAs, binaries.postgres, settings);
    // A session of its own: Ctrl-C in the terminal must reach Gatehouse first, which then stops it in order.
    const child = spawn(command, args, {
      ...options,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new EmbeddedPostgresError(
        'binaries_do_not_run',
        `PostgreSQL's ${command} could not be run on this system (${systemCode(cause) ?? 'unknown reason'}): allow programs to run from that folder, or set DATABASE_URL to a PostgreSQL of your own.`,
        { cause },
      );
    });
    child.unref();
    const started = Date.now();
    let told = false;
    while (!hasEnded(child)) {
      const file = await readPidFile(place.database);
      if (file?.pid === child.pid && file?.status === 'ready') return child;
      if (!told && Date.now() - started > saySlowAfter) {
        log.info('PostgreSQL is recovering from an unclean stop; this can take a while after heavy writing');
        told = true;
      }
      if (signal?.aborted) {
        await stopPostmaster(place, child);
        signal.throwIfAborted();
      }
      await delay(pollEvery);
    }
    return await output.read();
  } finally {
    await output.close();
  }
}

/** Fast shutdown: ends the sessions, writes everything out, and needs no recovery at the next start. */
export async function stopPostmaster(place: Place, server: ChildProcess | number): Promise<void> {
  const pid = typeof server === 'number' ? server : server.pid;
  if (pid === undefined) return;
  const isRunning = async () =>
    typeof server === 'number' ? await isServerOf(place.database, server) : !hasEnded(server);
  for (const [order, patience] of [
    ['SIGINT', stopInOrderWithin],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!(await isRunning())) return;
    try {
      process.kill(pid, order);
    } catch (error) {
      if (systemCode(error) === 'ESRCH') return;
      throw error;
    }
    for (const until = Date.now() + patience; (await isRunning()) && Date.now() < until; )
      await delay(pollEvery);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function startFault(place: Place, output: string): EmbeddedPostgresError {
  if (speaksOfFullDisk(output)) return diskFull(place.home, new Error(output));
  return new EmbeddedPostgresError(
    'start_failed',
    `PostgreSQL could not start on ${place.database}: ${decisiveLine(output)} (its log: ${place.home}/postgres.log)`,
    { cause: new Error(output) },
  );
}

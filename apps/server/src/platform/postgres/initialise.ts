import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Binaries } from './binaries.ts';
import type { PostgresLog } from './embedded-postgres.ts';
import { diskFull, EmbeddedPostgresError, folderFault, systemCode } from './embedded-postgres.errors.ts';
import { syncFolder } from './folder.ts';
import { commandAs, noNamespace } from './operating-system-user.ts';
import type { Place } from './place.ts';
import { decisiveLine, speaksOfFullDisk } from './server-log.ts';
import { initdbArguments, majorVersion } from './settings.ts';

/**
 * Makes the database folder unless it is there. It is made under another name and renamed when it is whole and on disk,
 * so that a killed start leaves nothing half-made; when two starts race, the second finds the folder of the first.
 */
export async function initialise(
  place: Place,
  binaries: Binaries,
  log: PostgresLog,
  signal?: AbortSignal,
): Promise<void> {
  if (await checkVersion(place.database)) return;
  log.info(`Creating the database in ${place.database}`);
  const unfinished = await mkdtemp(`${place.database}.new-${process.pid}-`).catch((error: unknown) => {
    throw folderFault(error, place.home);
  });
  try {
    const { user, kind } = place.runAs;
    if (kind === 'other-user') await chown(unfinished, user.uid, user.gid);
    await runInitdb(place, binaries, unfinished, signal);
    await rename(unfinished, place.database);
    await syncFolder(place.home);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another start was quicker: its folder is as good as ours.
    if (await checkVersion(place.database)) return;
    throw folderFault(error, place.home);
  }
}

/**
 * Removes what starts left that were killed while they created the database. One that lives may be at it still, and finds
 * out by itself that it came second; what its orphaned initdb writes yet makes the removal fail, and is left for next time.
 */
export async function removeUnfinished(place: Place): Promise<void> {
  const leftover = new RegExp(`^${basename(place.database)}\\.new-(\\d+)-`);
  for (const name of await readdir(place.home)) {
    const maker = leftover.exec(name)?.[1];
    if (maker === undefined || isAlive(Number(maker))) continue;
    await rm(join(place.home, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

async function checkVersion(database: string): Promise<boolean> {
  let version: string;
  try {
    version = (await readFile(join(database, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw folderFault(error, database);
  }
  if (version === majorVersion) return true;
  throw new EmbeddedPostgresError(
    'version_mismatch',
    `The database in ${database} was made by PostgreSQL ${version} and this Gatehouse brings PostgreSQL ${majorVersion}: start the Gatehouse that made it, or name another folder in GATEHOUSE_DATA_DIR.`,
  );
}

async function runInitdb(
  place: Place,
  { initdb }: Binaries,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const { command, args, options } = commandAs(place.runAs, initdb, initdbArguments(folder));
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const abort = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await once(child, 'close');
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'binaries_do_not_run',
      `PostgreSQL's ${command} could not be run on this system (${systemCode(cause) ?? 'unknown reason'}): allow programs to run from that folder, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  signal?.throwIfAborted();
  if (child.exitCode === 0) return;
  const text = Buffer.concat(output).toString('utf8');
  if (speaksOfFullDisk(text)) throw diskFull(place.home);
  if (text.startsWith('unshare:')) throw noNamespace(text);
  throw new EmbeddedPostgresError(
    'init_failed',
    `PostgreSQL could not create its database in ${place.home}: ${decisiveLine(text)}`,
    { cause: new Error(text) },
  );
}

import { accessSync, constants } from 'node:fs';
import { chown, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.ts';
import { canReach, type RunAs } from './operating-system-user.ts';

const prefix = 'gatehouse-';
/** The kernel's limit for a socket's whole path is 107 bytes on Linux, 103 on macOS; its name takes 15, our own 17. */
const longestBase = 70;

/**
 * A new folder for each run, short enough for a socket and closed to everybody else. `mkdtemp` makes it in one step with
 * mode 0700 under a name that nobody can foresee.
 *
 * SECURITY: a foreseeable name in a shared folder could be taken first by another user (socket squatting).
 * Not XDG_RUNTIME_DIR: it disappears when the user logs out, and a service outlives that.
 */
export async function makeRuntimeFolder(runAs: RunAs): Promise<string> {
  const base = await chooseBase(runAs);
  try {
    const folder = await mkdtemp(join(base, prefix));
    if (runAs.kind === 'other-user') await chown(folder, runAs.user.uid, runAs.user.gid);
    return folder;
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'runtime_folder',
      `No folder for PostgreSQL's socket could be made in ${base}: make it writable, or set TMPDIR to a short path that is.`,
      { cause },
    );
  }
}

async function chooseBase(runAs: RunAs): Promise<string> {
  if (process.getuid?.() === 0) {
    const usable =
      isWritable('/run') && (runAs.kind !== 'other-user' || (await canReach('/run', runAs.user)));
    return usable ? '/run' : '/tmp';
  }
  const base = tmpdir();
  const fits = Buffer.byteLength(base) <= longestBase && /^[\w./-]+$/.test(base);
  return fits && isWritable(base) ? base : '/tmp';
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a killed server left in it: the socket, and its lock file with a process id that may belong to anyone now. */
export async function clearRuntimeFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true });
}

/** Removes the folder of a run that is over; `folder` may come from a file, so only one of ours is touched. */
export async function removeRuntimeFolder(folder: string, runAs: RunAs): Promise<void> {
  if (!basename(folder).startsWith(prefix) || !['/run', '/tmp', tmpdir()].includes(dirname(folder))) return;
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return;
  if (found.uid !== (runAs.kind === 'user-namespace' ? 0 : runAs.user.uid)) return;
  await rm(folder, { recursive: true, force: true });
}

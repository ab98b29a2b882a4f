import { chown, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { folderFault } from './embedded-postgres.errors.ts';
import type { Place } from './place.ts';

const largest = 4 * 1024 * 1024;

/** The server's own log: a file, since the server may outlive this process and its terminal. */
export async function openServerLog(place: Place) {
  const path = `${place.home}/postgres.log`;
  try {
    const { size, uid } = await stat(path).catch(() => ({ size: 0, uid: process.getuid?.() }));
    if (size > largest) await rename(path, `${path}.old`);
    // A log that another user began (root, then an ordinary user) is begun anew: its folder is ours.
    else if (uid !== process.getuid?.() && process.getuid?.() !== 0) await rm(path);
    const file = await open(path, 'a', 0o600);
    const start = (await file.stat()).size;
    if (place.runAs.kind === 'other-user') await chown(path, place.runAs.user.uid, place.runAs.user.gid);
    return {
      fd: file.fd,
      close: () => file.close(),
      /** What was written since it was opened. */
      read: async () => (await readFile(path)).subarray(start).toString('utf8'),
    };
  } catch (error) {
    throw folderFault(error, path);
  }
}

/** The one line that says why, out of everything a failing program printed. */
export function decisiveLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const decisive = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? 'no message';
  return decisive.replace(/^.*?(FATAL|PANIC|error):\s*/, '').trim();
}

/** A write that failed at once says the first, one that was cut short says the second. */
export function speaksOfFullDisk(output: string): boolean {
  return /No space left on device|Check free disk space/.test(output);
}

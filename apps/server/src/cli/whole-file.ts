import { createWriteStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CliError } from './cli-error.ts';

const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * Writes a file that is there whole or not at all: under another name beside it, which it gets when everything is on the disk.
 * Not over a file that is there: it may be the older one, against which this one is to be held.
 *
 * @throws {CliError} where it cannot be written; what was written so far is removed
 */
export async function writeWholeFile(path: string, pieces: AsyncIterable<Buffer | string>): Promise<void> {
  await checkFree(path);
  const unfinished = `${path}.unfinished-${process.pid}`;
  try {
    await pipeline(pieces, createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true }));
    await checkFree(path);
    await rename(unfinished, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw unwritable(path, error);
  }
}

async function checkFree(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) throw new CliError(`--out: ${path} is there already; name another file.`);
}

/** So that the new name survives a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unwritable(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && FULL.includes(code))
    return new CliError(
      `--out: the disk of ${path} is full (${code}), and nothing was left there. Make room, or name a file on another disk.`,
    );
  // A fault of the file, and not one of where the pieces come from.
  if (code === undefined || !['open', 'write', 'fsync', 'rename', 'close'].includes(syscall ?? ''))
    return error;
  return new CliError(`--out: ${path} cannot be written (${code}).`);
}

import { chmod, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { folderFault } from './embedded-postgres.errors.ts';

/** Makes the folder with exactly that mode whatever the umask; one that is there keeps the mode that its owner gave it. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    const firstMade = await mkdir(path, { recursive: true, mode });
    if (firstMade !== undefined) await chmod(path, mode);
  } catch (error) {
    throw folderFault(error, path);
  }
}

/** Replaces a file in one step, so that a process killed in between leaves the old one. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const unfinished = `${path}.${process.pid}.new`;
  try {
    // A leftover may belong to another user, so it is removed rather than overwritten.
    await rm(unfinished, { force: true });
    await writeFile(unfinished, content, { mode, flag: 'wx' });
    await chmod(unfinished, mode);
    await rename(unfinished, path);
  } catch (error) {
    throw folderFault(error, path);
  }
}

/** Makes a rename in that folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

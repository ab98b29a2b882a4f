import { chmod, link, open, rename, rm, writeFile } from 'node:fs/promises';
import { makeFolder } from '../data-folder.ts';
import { folderFault, systemCode } from './embedded-postgres.errors.ts';

/** As `makeFolder` of the data folder, with a fault that says what to do. */
export function makeOwnFolder(path: string, mode: number): void {
  try {
    makeFolder(path, mode);
  } catch (error) {
    throw folderFault(error, path);
  }
}

/**
 * Makes a file with its whole content in one step.
 *
 * @returns false when it is there already; it is left as it is
 */
export async function createFile(path: string, content: string, mode: number): Promise<boolean> {
  const unfinished = `${path}.${process.pid}.new`;
  try {
    await writeFile(unfinished, content, { mode });
    await link(unfinished, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw folderFault(error, path);
  } finally {
    await rm(unfinished, { force: true });
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

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Told } from './told.ts';

/** The data folder can be neither found nor made; the message says what to do. */
export class DataFolderError extends Told {}

/**
 * Makes Gatehouse's data folder unless it is there. For root others may pass through (never list), since the account that
 * runs the embedded PostgreSQL has to; each part in it closes itself.
 */
export function makeDataFolder(path: string): void {
  try {
    makeFolder(path, process.getuid?.() === 0 ? 0o711 : 0o700);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    throw new DataFolderError(
      isFile
        ? `The data folder ${path} is a file, or lies below one: name another folder in GATEHOUSE_DATA_DIR.`
        : `The data folder ${path} cannot be made (${code ?? 'unknown fault'}): make its parent writable, or name another folder in GATEHOUSE_DATA_DIR.`,
      { cause },
    );
  }
}

/**
 * Makes the folder, and those above it, with exactly that mode whatever the umask; one that is there keeps its own.
 *
 * Not the `recursive` option of `mkdir`: below /proc, where nothing can be made, Node then tries for ever.
 */
export function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
    chmodSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !existsSync(dirname(path))) {
      makeFolder(dirname(path), mode);
      makeFolder(path, mode);
      return;
    }
    // `path/.` exists for a folder only.
    if (existsSync(`${path}/.`)) return;
    throw error;
  }
}

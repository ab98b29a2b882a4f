import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDataFolder, makeFolder } from '../data-folder.ts';
import { randomSecret } from './digest.ts';
import { Told } from '../told.ts';

/** The key file can be neither made nor read; the message says what to do. */
export class KeyFileError extends Told {}

/**
 * The key-encryption key of a development server: random, made at the first start, readable by its owner only.
 * Production takes GATEHOUSE_MASTER_KEY instead. No deployment shares a key, and none is in the source.
 */
export function loadOrMakeKeyFile(path: string): Buffer {
  makeDataFolder(dirname(dirname(path)));
  try {
    makeFolder(dirname(path), 0o700);
    // `wx` fails when it exists: of two starts at once one makes the key and the other reads it.
    writeFileSync(path, `${randomSecret(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new KeyFileError(
        `The key file ${path} cannot be made (${code ?? 'unknown fault'}). Make the folder writable, or choose another with GATEHOUSE_DATA_DIR.`,
      );
  }
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
}

import { readFileSync } from 'node:fs';
import { sha256 } from '../crypto/index.ts';

const BYTES = 5;
/** What people put before or behind a word that they use everywhere: a year, a mark, a count. */
const MOST_ADDED = 6;

/**
 * The most common passwords, forty-six thousand of them (LICENSES.txt says from where): sorted beginnings of SHA-256 sums, so
 * that there is nothing to parse and a look-up is one sum and sixteen comparisons. That one of them is hit by chance happens
 * once in twenty million passwords.
 */
export interface CommonPasswords {
  /** Whether it is one of them, in any case, or one of them with a few digits and marks put to it (`Sunshine-2024!`). */
  has(password: string): boolean;
}

/** Beside its source, and beside the bundle in a build. */
export function loadCommonPasswords(): CommonPasswords {
  const sums = readFileSync(new URL('./popular-passwords.bin', import.meta.url));
  const isListed = (word: string): boolean => {
    const sum = sha256(word).subarray(0, BYTES);
    let from = 0;
    let to = sums.length / BYTES;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const order = sums.compare(sum, 0, BYTES, middle * BYTES, (middle + 1) * BYTES);
      if (order === 0) return true;
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    return false;
  };
  return {
    has(password) {
      const word = password.normalize('NFKC').toLowerCase();
      const core = word.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
      return isListed(word) || (word.length - core.length <= MOST_ADDED && isListed(core));
    },
  };
}

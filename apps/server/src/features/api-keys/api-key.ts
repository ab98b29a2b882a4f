import { crc32 } from 'node:zlib';
import { randomText, sha256 } from '../../platform/crypto/index.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Of 62 each: 190 bits, which nobody guesses, so that a plain SHA-256 is what is stored. */
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const FORM = /^(?<prefix>[a-z][a-z0-9]*(?:_[a-z0-9]+)*_)[0-9A-Za-z]{32}(?<checksum>[0-9A-Za-z]{6})$/;
const LONGEST = 128;

/** A key as it is made: shown to whoever asked for it, this once. */
export interface FreshKey {
  readonly text: string;
  readonly hash: Buffer;
  readonly shownAs: string;
}

/**
 * A new API key: prefix, 32 random characters, and a CRC-32 of both in base 62, by which a scanner of source code knows a key from
 * what only looks like one, without asking anybody (spec M4).
 *
 * @example
 * issueApiKey('cf_prod_').shownAs; // 'cf_prod_…7Qx2'
 */
export function issueApiKey(prefix: string): FreshKey {
  const secret = randomText(ALPHABET, SECRET_LENGTH);
  const text = `${prefix}${secret}${checksumOf(prefix + secret)}`;
  return { text, hash: hashOf(text), shownAs: `${prefix}…${text.slice(-4)}` };
}

/** Whether a bearer token has the form of a key. Access tokens have dots in them, and no key has. */
export const isApiKey = (token: string): boolean =>
  token.length <= LONGEST && !token.includes('.') && FORM.test(token);

/** What a presented key is looked up by; undefined for one that was mistyped, which costs no look-up. */
export function hashOfPresented(token: string): Buffer | undefined {
  const checksum = FORM.exec(token)?.groups?.checksum;
  if (checksum === undefined || token.length > LONGEST) return undefined;
  return checksumOf(token.slice(0, -CHECKSUM_LENGTH)) === checksum ? hashOf(token) : undefined;
}

const hashOf = (text: string): Buffer => sha256(text);

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = `${ALPHABET.charAt(rest % ALPHABET.length)}${digits}`;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

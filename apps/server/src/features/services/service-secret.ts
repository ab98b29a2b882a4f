import { isSameSecret, randomSecret, sha256 } from '../../platform/crypto/index.ts';

/** A secret as it is made: shown this once. 256 random bits, so that a plain SHA-256 is what is stored. */
export function issueServiceSecret(): { text: string; hash: Buffer } {
  const text = randomSecret(32).toString('base64url');
  return { text, hash: sha256(text) };
}

/** Whether a presented secret is one of those that are good now. SECURITY: each is compared, whichever is right, in constant time. */
export function isServiceSecret(presented: string, hashes: readonly Buffer[]): boolean {
  const hash = sha256(presented);
  return hashes.map((known) => isSameSecret(known, hash)).includes(true);
}

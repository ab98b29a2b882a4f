import { createHash, hash as hashAtOnce, randomBytes, randomInt, randomUUID } from 'node:crypto';

export const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return hashAtOnce('sha256', only, 'buffer');
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
/** The same of what comes bit by bit; the digest in hexadecimal digits. */
export const sha256InParts = () => {
  const hash = createHash('sha256');
  return { update: (part: Buffer) => void hash.update(part), digest: () => hash.digest('hex') };
};
/** What services of breached passwords are indexed by; nothing rests on its strength. */
export const sha1ForRangeService = (text: string): string => hashAtOnce('sha1', text, 'hex').toUpperCase();
export const randomSecret = (bytes: number): Buffer => randomBytes(bytes);
/** A secret that people copy: each character is drawn for itself, and evenly. */
export const randomText = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');

/** 32 hexadecimal digits that name one request (W3C Trace Context §3.2.2.3). Drawn from a pool: a name and never a secret. */
export const randomTraceId = (): string => randomUUID().replaceAll('-', '');

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/**
 * Seals secrets that the database keeps (AES-256-GCM), and makes keyed hashes.
 *
 * A sealed value reads `v1.<key id>.<iv>.<ciphertext and tag>`, so that each says under which key it was sealed. Its
 * `context` (what it is, whose it is) is authenticated but not stored: a value moved to another row does not open.
 */
export interface Sealer {
  readonly keyId: string;
  seal(plain: Buffer | string, context: string): string;
  /** @throws {SealError} when the value was sealed under another key, for another context, or was altered. */
  open(sealed: string, context: string): Buffer;
  /** A key for one purpose (HKDF, RFC 5869): purposes never share a key. */
  derive(purpose: string, length?: number): Buffer;
  /** HMAC-SHA-256 under the key of that purpose. */
  mac(purpose: string, ...parts: (string | Buffer)[]): Buffer;
}

export class SealError extends Error {}

export function createSealer(masterKey: Buffer): Sealer {
  const subkey = (purpose: string, length = 32) =>
    Buffer.from(hkdfSync('sha256', masterKey, 'gatehouse', purpose, length));
  const sealingKey = subkey('seal');
  const keyId = subkey('key id', 6).toString('base64url');
  // As key objects: an HMAC with a raw buffer makes one anew each time, at four times the cost.
  const macKeys = new Map<string, KeyObject>();
  const macKey = (purpose: string) => {
    const known = macKeys.get(purpose);
    if (known) return known;
    const made = createSecretKey(subkey(`mac ${purpose}`));
    macKeys.set(purpose, made);
    return made;
  };
  return {
    keyId,
    seal: (plain, context) => sealWith(sealingKey, keyId, plain, context),
    open: (sealed, context) => openWith(sealingKey, keyId, sealed, context),
    derive: (purpose, length) => subkey(`derive ${purpose}`, length),
    mac(purpose, ...parts) {
      const framed: Buffer[] = [];
      for (const part of parts) {
        const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
        // Each part is preceded by its length, so that ('ab','c') and ('a','bc') differ.
        const length = Buffer.allocUnsafe(4);
        length.writeUInt32BE(bytes.length);
        framed.push(length, bytes);
      }
      return createHmac('sha256', macKey(purpose)).update(Buffer.concat(framed)).digest();
    },
  };
}

export function sealWith(key: Buffer, keyId: string, plain: Buffer | string, context: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`${keyId}|${context}`));
  const body = Buffer.concat([cipher.update(plain as Buffer), cipher.final(), cipher.getAuthTag()]);
  return `v1.${keyId}.${iv.toString('base64url')}.${body.toString('base64url')}`;
}

export function openWith(key: Buffer, keyId: string, sealed: string, context: string): Buffer {
  const [version, id, iv, body, more] = sealed.split('.');
  if (version !== 'v1' || iv === undefined || body === undefined || more !== undefined)
    throw new SealError('not a sealed value');
  if (id !== keyId) throw new SealError(`sealed under key ${id ?? '?'}, which is not at hand`);
  const bytes = Buffer.from(body, 'base64url');
  // One value has one spelling: base64url has several of the same bytes.
  if (bytes.toString('base64url') !== body) throw new SealError('not a sealed value');
  try {
    // SECURITY: without the length, a tag of four bytes would do.
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
      .setAAD(Buffer.from(`${keyId}|${context}`))
      .setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
  } catch {
    throw new SealError('the sealed value was altered, or belongs elsewhere');
  }
}

/** Constant-time comparison; values of other lengths differ. */
export const isSameSecret = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

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
  /** The key that seals and makes MACs: the one that the database says, of those at hand. */
  readonly keyId: string;
  /** All keys at hand, the one of GATEHOUSE_MASTER_KEY first. */
  readonly keyIds: readonly string[];
  /** Seals and makes MACs with another key that is at hand, from now on. */
  sealUnder(keyId: string): void;
  seal(plain: Buffer | string, context: string): string;
  /** @throws {SealError} when the value was sealed under a key that is not at hand, for another context, or was altered. */
  open(sealed: string, context: string): Buffer;
  /** HMAC-SHA-256 under the key of that purpose (HKDF, RFC 5869): purposes never share a key. */
  mac(purpose: string, ...parts: (string | Buffer)[]): Buffer;
  /** The same under every key at hand, the one in use first: what was made before the master key changed still counts. */
  macs(purpose: string, ...parts: (string | Buffer)[]): Buffer[];
  /** The same under one of them; undefined for a key that is not at hand. */
  macUnder(keyId: string, purpose: string, ...parts: (string | Buffer)[]): Buffer | undefined;
}

export class SealError extends Error {}

type Mac = (purpose: string, parts: readonly (string | Buffer)[]) => Buffer;

export function createSealer(masterKeys: readonly [Buffer, ...Buffer[]]): Sealer {
  const keys = new Map<string, { sealing: SealingKey; mac: Mac }>();
  for (const masterKey of masterKeys) {
    const keyId = subkey(masterKey, 'key id', 6).toString('base64url');
    keys.set(keyId, { sealing: sealingKey(subkey(masterKey, 'seal')), mac: createMac(masterKey) });
  }
  const keyIds = [...keys.keys()];
  const keyOf = (keyId: string) => {
    const key = keys.get(keyId);
    if (key === undefined) throw new SealError(`sealed under key ${keyId}, which is not at hand`);
    return key;
  };
  let inUse = keyIds[0] as string;
  return {
    get keyId() {
      return inUse;
    },
    keyIds,
    sealUnder(keyId) {
      keyOf(keyId);
      inUse = keyId;
    },
    seal: (plain, context) => sealWith(keyOf(inUse).sealing, inUse, plain, context),
    open(sealed, context) {
      const keyId = keyIdOf(sealed);
      return openWith(keyOf(keyId).sealing, keyId, sealed, context);
    },
    mac: (purpose, ...parts) => keyOf(inUse).mac(purpose, parts),
    macs: (purpose, ...parts) => [
      keyOf(inUse).mac(purpose, parts),
      ...keyIds.filter((keyId) => keyId !== inUse).map((keyId) => keyOf(keyId).mac(purpose, parts)),
    ],
    macUnder: (keyId, purpose, ...parts) => keys.get(keyId)?.mac(purpose, parts),
  };
}

/** Under which key a value was sealed. */
export const keyIdOf = (sealed: string): string => sealed.split('.', 2)[1] ?? '?';

/**
 * Keyed hashes by which something is found again in the database, where a value that is not stored has to be looked up. They
 * are no proof of anything, and their key stays the same when the master key changes: a row under another key could not be
 * found, and not be made again either.
 */
export interface BlindIndex {
  of(purpose: string, ...parts: (string | Buffer)[]): Buffer;
}

export function createBlindIndex(key: Buffer): BlindIndex {
  const mac = createMac(key);
  return { of: (purpose, ...parts) => mac(purpose, parts) };
}

const subkey = (key: Buffer, purpose: string, length = 32) =>
  Buffer.from(hkdfSync('sha256', key, 'gatehouse', purpose, length));

function createMac(key: Buffer): Mac {
  // As key objects: an HMAC with a raw buffer makes one anew each time, at four times the cost.
  const made = new Map<string, KeyObject>();
  const keyFor = (purpose: string) => {
    const known = made.get(purpose);
    if (known) return known;
    const fresh = createSecretKey(subkey(key, `mac ${purpose}`));
    made.set(purpose, fresh);
    return fresh;
  };
  return (purpose, parts) => {
    const framed: Buffer[] = [];
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
      // Each part is preceded by its length, so that ('ab','c') and ('a','bc') differ.
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32BE(bytes.length);
      framed.push(length, bytes);
    }
    return createHmac('sha256', keyFor(purpose)).update(Buffer.concat(framed)).digest();
  };
}

/** A key that seals and opens. As an object: with a raw buffer, Node makes one anew for each value, at four times the cost. */
export type SealingKey = KeyObject;
/** Of 32 bytes. */
export const sealingKey = (bytes: Buffer): SealingKey => createSecretKey(bytes);

export function sealWith(key: SealingKey, keyId: string, plain: Buffer | string, context: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`${keyId}|${context}`));
  const body = Buffer.concat([cipher.update(plain as Buffer), cipher.final(), cipher.getAuthTag()]);
  return `v1.${keyId}.${iv.toString('base64url')}.${body.toString('base64url')}`;
}

export function openWith(key: SealingKey, keyId: string, sealed: string, context: string): Buffer {
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

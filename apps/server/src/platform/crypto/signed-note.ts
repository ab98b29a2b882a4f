import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { sha256 } from './digest.ts';

/**
 * Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature. Go's checksum database, Sigstore
 * and the witnesses of transparency logs read the same form.
 */
const ED25519 = Buffer.from([1]);
const PREFIX = '— ';

/** A key pair that signs notes and nothing else (threat 80); the private half in PKCS #8. */
export function generateNoteKey(): { kid: string; publicKey: Buffer; privatePem: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = rawPublicKey(privateKey);
  return {
    kid: sha256(publicKey).subarray(0, 12).toString('base64url'),
    publicKey,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

export interface NoteSigner {
  readonly publicKey: Buffer;
  /** @param text ends in a line feed and has no empty line. */
  sign(name: string, text: string): string;
}

export function createNoteSigner(privatePem: string): NoteSigner {
  const privateKey = createPrivateKey(privatePem);
  const publicKey = rawPublicKey(privateKey);
  return {
    publicKey,
    sign(name, text) {
      if (!text.endsWith('\n') || text.includes('\n\n')) throw new TypeError('not the text of a note');
      const signature = Buffer.concat([keyIdOf(name, publicKey), sign(null, Buffer.from(text), privateKey)]);
      return `${text}\n${PREFIX}${name} ${signature.toString('base64')}\n`;
    },
  };
}

/** The text of a note that carries a signature of that name by one of these keys; undefined for any other. */
export function openNote(note: string, name: string, publicKeys: readonly Buffer[]): string | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return undefined;
  const text = note.slice(0, end + 1);
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [dash, signer, encoded, more] = line.split(' ');
    if (dash !== PREFIX.trim() || encoded === undefined || more !== undefined) return undefined;
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.toString('base64') !== encoded || bytes.length < 5) return undefined;
    if (signer !== name) continue;
    const key = publicKeys.find((each) => keyIdOf(name, each).equals(bytes.subarray(0, 4)));
    if (key === undefined) continue;
    // The first signature by a key that is known decides: a note that carries a false one is refused whole.
    return verify(null, Buffer.from(text), publicKeyObject(key), bytes.subarray(4)) ? text : undefined;
  }
  return undefined;
}

/** The key as other verifiers of notes take it: `<name>+<key id>+<type and key>`. */
export const verifierKey = (name: string, publicKey: Buffer): string =>
  `${name}+${keyIdOf(name, publicKey).toString('hex')}+${Buffer.concat([ED25519, publicKey]).toString('base64')}`;

/** The public key of a verifier key, or undefined when it is none. */
export function readVerifierKey(text: string): Buffer | undefined {
  const [, name = '', id = '', encoded = ''] =
    /^(\S+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const key = bytes.subarray(1);
  if (bytes[0] !== 1 || key.length !== 32) return undefined;
  return keyIdOf(name, key).toString('hex') === id ? key : undefined;
}

const keyIdOf = (name: string, publicKey: Buffer): Buffer =>
  sha256(`${name}\n`, ED25519, publicKey).subarray(0, 4);

const rawPublicKey = (privateKey: KeyObject): Buffer =>
  Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');

const publicKeyObject = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });

/** The 32 bytes of an Ed25519 public key in PEM; undefined for anything else. */
export function readPublicPem(pem: string): Buffer | undefined {
  try {
    const jwk = createPublicKey(pem).export({ format: 'jwk' });
    return jwk.crv === 'Ed25519' ? Buffer.from(jwk.x ?? '', 'base64url') : undefined;
  } catch {
    return undefined;
  }
}

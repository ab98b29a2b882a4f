import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import { isSameSecret } from './seal.ts';
import { sha256 } from './digest.ts';

export type Algorithm = 'ES256' | 'RS256' | 'EdDSA' | 'HS256';

/** A signing key at rest: the private half sealed by whoever stores it. */
export interface SigningKey {
  kid: string;
  alg: Algorithm;
  publicJwk: JsonWebKey & { kid: string; alg: string; use: 'sig' };
  privatePem: string;
}

/** The claims of a JWT (RFC 7519 §4) as they stand in its payload. */
export type Claims = Record<string, unknown>;

/** The keys of one purpose: the one that signs, and all that verify. */
export type KeySet = { active: SigningKey; all: readonly SigningKey[] } | { secret: string };

export interface TokenSigner {
  /** As an access token, unless another type is named: nothing of another type is taken for one. */
  sign(claims: Claims, type?: string): string;
  /** The claims of a token whose signature and type hold; undefined for anything else. Expiry is the caller's to judge. */
  verify(token: string): Claims | undefined;
  /** Is it in the form of our tokens, by a key that is not among these? Another process may have made that key since. */
  isOfUnknownKey(token: string): boolean;
  /** Signs and verifies with these keys from now on. */
  use(keys: KeySet): void;
  readonly jwks: { keys: SigningKey['publicJwk'][] };
  /** The key that signs now, for an engine that puts tokens together itself. */
  readonly signer: ActiveKey;
}

/** A key that signs, without the private half itself. */
export interface ActiveKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** Undefined for a shared secret. */
  readonly publicKey: KeyObject | undefined;
  /** The signature over the signing input of a JWS (RFC 7515 §5.1). */
  make(input: Buffer): Buffer;
}

const makePair = promisify(generateKeyPair);

/** A new key pair, made beside the event loop (RSA takes a second); its kid is the RFC 7638 thumbprint's idea: a hash of the public key. */
export async function generateSigningKey(alg: Exclude<Algorithm, 'HS256'>): Promise<SigningKey> {
  const pair =
    alg === 'ES256'
      ? await makePair('ec', { namedCurve: 'P-256' })
      : alg === 'RS256'
        ? await makePair('rsa', { modulusLength: 3072 })
        : await makePair('ed25519');
  return withPublicHalf(alg, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
}

/**
 * The key of a private half that was stored.
 *
 * SECURITY: the public half is made of the private one, which only we can seal. Whoever can write to the database cannot
 * have a public key of their own believed.
 */
export function openSigningKey(stored: { kid: string; alg: string; privatePem: string }): SigningKey {
  const { alg } = stored;
  const key = isAlgorithm(alg) ? withPublicHalf(alg, stored.privatePem) : undefined;
  if (key === undefined || key.kid !== stored.kid || TYPES[key.alg] !== key.publicJwk.kty)
    throw new TypeError('the private key is not the one of its kid and alg');
  return key;
}

const TYPES: Record<Algorithm, string> = { ES256: 'EC', RS256: 'RSA', EdDSA: 'OKP', HS256: 'oct' };
const isAlgorithm = (alg: string): alg is Algorithm => Object.hasOwn(TYPES, alg);

function withPublicHalf(alg: Algorithm, privatePem: string): SigningKey {
  const jwk = createPublicKey(createPrivateKey(privatePem)).export({ format: 'jwk' });
  const kid = sha256(JSON.stringify(jwk)).subarray(0, 12).toString('base64url');
  return { kid, alg, publicJwk: { ...jwk, kid, alg, use: 'sig' }, privatePem };
}

type Verifier = { alg: Algorithm; check(input: Buffer, signature: Buffer): boolean };

/**
 * Signs and verifies access tokens with synchronous `node:crypto`: on the hot path it is twice as fast as the WebCrypto
 * of `jose` and does not wait in libuv's pool.
 *
 * SECURITY: the algorithm belongs to the key. The header of a token chooses a key by `kid` and nothing else: `alg` must
 * be that key's own, and `jwk`, `jku`, `x5u`, `x5c` and `crit` are refused (RFC 8725 §3.1, §3.5; threat 61).
 */
export function createTokenSigner(first: KeySet): TokenSigner {
  // A token that was verified once is not verified again: its hash stands for the signature. Expiry is judged each time.
  const seen = new LRUCache<string, Claims>({ max: 5000 });
  let keys = prepare(first);
  return {
    get jwks() {
      return keys.jwks;
    },
    get signer() {
      return keys.signer;
    },
    sign(claims, type) {
      const header = type === undefined ? keys.header : headerWith(keys.signer, type);
      const input = `${header}.${encode(claims)}`;
      return `${input}.${keys.signer.make(Buffer.from(input)).toString('base64url')}`;
    },
    verify(token) {
      const known = seen.get(token);
      if (known) return known;
      const claims = verifyOnce(token, keys.verifiers);
      if (claims) seen.set(token, claims);
      return claims;
    },
    isOfUnknownKey(token) {
      const header = headerOf(token);
      return header?.typ === 'at+jwt' && typeof header.kid === 'string' && !keys.verifiers.has(header.kid);
    },
    use(next) {
      const before = keys;
      keys = prepare(next);
      // SECURITY: what a key that is gone has signed is worth nothing from now on, remembered or not.
      if ([...before.verifiers.keys()].some((kid) => !keys.verifiers.has(kid))) seen.clear();
    },
  };
}

function prepare(keys: KeySet) {
  const verifiers = new Map<string, Verifier>();
  let signer: ActiveKey;
  if ('secret' in keys) {
    const kid = 'hs256';
    const make = (input: Buffer) => createHmac('sha256', keys.secret).update(input).digest();
    signer = { kid, alg: 'HS256', publicKey: undefined, make };
    verifiers.set(kid, { alg: 'HS256', check: (input, signature) => isSameSecret(make(input), signature) });
  } else {
    for (const key of keys.all) verifiers.set(key.kid, verifierOf(key));
    signer = signerOf(keys.active);
  }
  return {
    verifiers,
    signer,
    header: headerWith(signer, 'at+jwt'),
    jwks: { keys: 'secret' in keys ? [] : keys.all.map((key) => key.publicJwk) },
  };
}

const headerWith = ({ alg, kid }: Pick<ActiveKey, 'alg' | 'kid'>, typ: string) => encode({ alg, typ, kid });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The header of a token in three parts, with no member that is not ours. */
function headerOf(token: string): Claims | undefined {
  if (token.length > 8192) return undefined;
  const [head, , signature, more] = token.split('.');
  if (head === undefined || signature === undefined || more !== undefined) return undefined;
  const header = decode(head);
  if (header === undefined || !Object.keys(header).every((name) => HEADER.has(name))) return undefined;
  return header;
}

const HEADER = new Set(['alg', 'kid', 'typ']);

function verifyOnce(token: string, verifiers: Map<string, Verifier>): Claims | undefined {
  const header = headerOf(token);
  if (header === undefined || typeof header.kid !== 'string') return undefined;
  const [head, body, signature] = token.split('.') as [string, string, string];
  const verifier = verifiers.get(header.kid);
  if (verifier === undefined || header.alg !== verifier.alg || header.typ !== 'at+jwt') return undefined;
  // SECURITY: base64url has more than one spelling of the same bytes; only the canonical one may stand for the token.
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.toString('base64url') !== signature) return undefined;
  return verifier.check(Buffer.from(`${head}.${body}`), bytes) ? decode(body) : undefined;
}

function decode(part: string): Claims | undefined {
  try {
    const text = Buffer.from(part, 'base64url').toString('utf8');
    const value: unknown = JSON.parse(text);
    // SECURITY: what we wrote reads back as it stands; a name given twice, of which readers take different ones, does
    // not (RFC 7519 §4).
    if (JSON.stringify(value) !== text) return undefined;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  } catch {
    return undefined;
  }
}

function signerOf(key: SigningKey): ActiveKey {
  const privateKey = withEncoding(createPrivateKey(key.privatePem));
  return {
    kid: key.kid,
    alg: key.alg,
    publicKey: createPublicKey({ key: key.publicJwk, format: 'jwk' }),
    make: (input) => sign(digestOf(key.alg), input, privateKey),
  };
}

function verifierOf(key: SigningKey): Verifier {
  const publicKey = withEncoding(createPublicKey({ key: key.publicJwk, format: 'jwk' }));
  return {
    alg: key.alg,
    check: (input, signature) => verify(digestOf(key.alg), input, publicKey, signature),
  };
}

const digestOf = (alg: Algorithm) => (alg === 'EdDSA' ? null : 'sha256');

/**
 * The key with the signature form of JOSE (RFC 7518 §3.4) on it. `node:crypto` reads options from whatever it is given as the key,
 * and takes twice as long to sign with `{ key, dsaEncoding }`, where it has to find out that this is no key itself.
 */
const withEncoding = (key: KeyObject) => Object.assign(key, { dsaEncoding: 'ieee-p1363' as const });

import type * as NodeCrypto from 'node:crypto';
import { compactVerify, importJWK, type JWK } from 'jose';

/** What keys of Gatehouse sign with (spec S6). HS256 is not among them: who could verify with it could sign as well. */
export type Algorithm = 'ES256' | 'RS256' | 'EdDSA';

/** One public key, and the one algorithm that it is for (RFC 8725 §3.1). */
export interface VerifyingKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** Whether this key made the signature of a compact JWS; at once where the platform can, else later. */
  check(token: string): boolean | Promise<boolean>;
}

const KEY_TYPES: Record<Algorithm, { kty: string; crv?: string }> = {
  ES256: { kty: 'EC', crv: 'P-256' },
  RS256: { kty: 'RSA' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};
/** Characters of a modulus of 2048 bits in base64url (RFC 7518 §3.3). */
const LEAST_MODULUS = 342;

/**
 * The key of a JWK (RFC 7517 §4); undefined for one that is not for verifying signatures with one of the algorithms.
 *
 * SECURITY: the algorithm is the one that the key set names for the key, and the key must be of its type. No token is asked.
 */
export async function openVerifyingKey(jwk: JWK): Promise<VerifyingKey | undefined> {
  const { kid, alg, use, n } = jwk;
  if (typeof kid !== 'string' || kid === '' || use !== 'sig' || !isAlgorithm(alg)) return undefined;
  const { kty, crv } = KEY_TYPES[alg];
  if (jwk.kty !== kty || jwk.crv !== crv) return undefined;
  if (kty === 'RSA' && (typeof n !== 'string' || n.length < LEAST_MODULUS)) return undefined;
  try {
    return { kid, alg, check: synchronousCheck(jwk, alg) ?? (await webCheck(jwk, alg)) };
  } catch {
    return undefined;
  }
}

const isAlgorithm = (alg: unknown): alg is Algorithm =>
  typeof alg === 'string' && Object.hasOwn(KEY_TYPES, alg);

async function webCheck(jwk: JWK, alg: Algorithm): Promise<VerifyingKey['check']> {
  const key = await importJWK(jwk, alg);
  return (token) =>
    compactVerify(token, key, { algorithms: [alg] }).then(
      () => true,
      () => false,
    );
}

/**
 * Where the process is a Node.js (or imitates one): its own synchronous signatures take half as long as WebCrypto's, and do not wait
 * behind password hashes and files in libuv's pool.
 */
function synchronousCheck(jwk: JWK, alg: Algorithm): VerifyingKey['check'] | undefined {
  const node = nodeCrypto();
  if (node === undefined) return undefined;
  const key = Object.assign(node.createPublicKey({ key: jwk, format: 'jwk' }), {
    // RFC 7518 §3.4. On the key, not beside it: `{ key, dsaEncoding }` takes twice as long.
    dsaEncoding: 'ieee-p1363' as const,
  });
  const digest = alg === 'EdDSA' ? null : 'sha256';
  return (token) => {
    const dot = token.lastIndexOf('.');
    const text = token.slice(dot + 1);
    const signature = Buffer.from(text, 'base64url');
    // SECURITY: base64url has more than one spelling of the same bytes; only the canonical one may stand for the token.
    if (signature.toString('base64url') !== text) return false;
    return node.verify(digest, Buffer.from(token.slice(0, dot)), key, signature);
  };
}

function nodeCrypto(): typeof NodeCrypto | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: 'node:crypto') => unknown } };
  const found = process?.getBuiltinModule?.('node:crypto') as Partial<typeof NodeCrypto> | undefined;
  return typeof found?.verify === 'function' && typeof found.createPublicKey === 'function'
    ? found
    : undefined;
}

import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { TestServer } from '../server.fixture.ts';

/** Makes tokens that the server would never make, where an attack needs it with the server's own key. */
export interface Forge {
  kid: string;
  publicJwk: JsonWebKey;
  privateKey: KeyObject;
  /** A key of the attacker's own. */
  other: { publicJwk: JsonWebKey; privateKey: KeyObject };
}

export async function openForge(gatehouse: TestServer): Promise<Forge> {
  const [row] = await gatehouse.sql<{ kid: string; public_jwk: JsonWebKey; private_sealed: string }>(
    `select kid, public_jwk, private_sealed from gatehouse.signing_keys where status = 'active'`,
  );
  if (row === undefined) throw new Error('no signing key');
  const pem = gatehouse.server.deps.sealer.open(row.private_sealed, `signing key ${row.kid}`);
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    kid: row.kid,
    publicJwk: row.public_jwk,
    privateKey: createPrivateKey(pem),
    other: { publicJwk: pair.publicKey.export({ format: 'jwk' }), privateKey: pair.privateKey },
  };
}

/** Header or claims as an object, or as text where an object cannot say it (a name twice). */
type Part = object | string;

export const encode = (part: Part): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

export const es256 = (input: string, key: KeyObject): Buffer =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

export const hs256 = (input: string, secret: string | Buffer): Buffer =>
  createHmac('sha256', secret).update(input).digest();

/** A token of this header and these claims, signed by whatever `make` does. */
export function token(header: Part, claims: Part, make: (input: string) => Buffer | string): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = make(input);
  return `${input}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`;
}

export const claimsOf = (text: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

import { createPublicKey, type JsonWebKey } from 'node:crypto';
import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject, isoCBOR } from '@simplewebauthn/server/helpers';

/** ES256, EdDSA, RS256 (RFC 9053, RFC 8812), in the order in which we like them. */
export const PASSKEY_ALGORITHMS = [-7, -8, -257] as const;
/** Bytes of an RSA modulus: from 2048 bits on, and none so long that judging an answer takes long. */
const RSA_BYTES = { least: 256, most: 512 };

/** What an answer must have been made for. */
interface ExpectedAnswer {
  /** As it stands in the options: base64url. */
  challenge: string;
  origin: string;
  rpId: string;
}

/** What is looked at of an answer; extensions are not. */
type Answered<Json extends AuthenticationResponseJSON | RegistrationResponseJSON> = Pick<
  Json,
  'id' | 'rawId' | 'type' | 'response'
>;

/** What is kept of a passkey. */
export interface PasskeyKey {
  /** The credential id, base64url. */
  id: string;
  /** COSE_Key, base64url. */
  publicKey: string;
}

interface NewPasskey extends PasskeyKey {
  counter: number;
}

/**
 * A new passkey (WebAuthn §7.1), or undefined where anything is not as it was asked for: the user was verified, the key is of one of
 * the algorithms.
 *
 * SECURITY: what an authenticator says of itself (its attestation) was not asked for and is put aside unread. Its certificates
 * would name addresses to be asked for revocation, which anybody could turn on the inside network (threat 64).
 */
export async function verifyNewPasskey(
  { id, rawId, type, response }: Answered<RegistrationResponseJSON>,
  expected: ExpectedAnswer,
): Promise<NewPasskey | undefined> {
  try {
    if (isFramed(response.clientDataJSON)) return undefined;
    const attestation = decodeAttestationObject(bytesOf(response.attestationObject));
    const unattested = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', attestation.get('authData')],
    ]);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type,
        response: {
          ...response,
          attestationObject: textOf(isoCBOR.encode(unattested as Parameters<typeof isoCBOR.encode>[0])),
        },
        clientExtensionResults: {},
      },
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: expected.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    });
    if (!verified) return undefined;
    const { id: madeId, publicKey, counter } = registrationInfo.credential;
    if (madeId !== id || !isSoundKey(publicKey)) return undefined;
    return { id, publicKey: textOf(publicKey), counter };
  } catch {
    // The library throws for whatever is not as it should be.
    return undefined;
  }
}

/**
 * The signature counter of an answer that this passkey gave, with its user verified (WebAuthn §7.2); undefined for any other answer.
 * Whether the counter went back is for whoever knows the last one.
 */
export async function verifyPasskeyAnswer(
  { id, rawId, type, response }: Answered<AuthenticationResponseJSON>,
  expected: ExpectedAnswer,
  key: PasskeyKey,
): Promise<number | undefined> {
  try {
    if (isFramed(response.clientDataJSON)) return undefined;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { id, rawId, type, response, clientExtensionResults: {} },
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: expected.rpId,
      requireUserVerification: true,
      credential: { id: key.id, publicKey: bytesOf(key.publicKey), counter: 0 },
    });
    return verified && id === key.id ? authenticationInfo.newCounter : undefined;
  } catch {
    return undefined;
  }
}

/** The challenge that an answer says it was made for; undefined for what is no answer. It proves nothing. */
export function challengeIn(clientDataJSON: string): string | undefined {
  try {
    const { challenge } = readClientData(clientDataJSON);
    return typeof challenge === 'string' ? challenge : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the key is one of its algorithm (RFC 9053 §7, RFC 8230 §4): the library finds that out when it is used, and not before. */
function isSoundKey(publicKey: Uint8Array): boolean {
  const key: ReadonlyMap<number, unknown> = isoCBOR.decodeFirst(Uint8Array.from(publicKey));
  const text = (label: number) => textOf(key.get(label) as Uint8Array);
  const [kty, alg, first] = [key.get(1), key.get(3), key.get(-1)];
  if (alg === -7 && kty === 2 && first === 1)
    return isPublicKey({ kty: 'EC', crv: 'P-256', x: text(-2), y: text(-3) });
  if (alg === -8 && kty === 1 && first === 6) return isPublicKey({ kty: 'OKP', crv: 'Ed25519', x: text(-2) });
  if (alg !== -257 || kty !== 3 || !(first instanceof Uint8Array)) return false;
  const isLongEnough = first.length >= RSA_BYTES.least && first.length <= RSA_BYTES.most;
  return isLongEnough && text(-2) === 'AQAB' && isPublicKey({ kty: 'RSA', n: text(-1), e: text(-2) });
}

/** Throws for what is none: a point beside the curve, a number of another length. */
const isPublicKey = (jwk: JsonWebKey): boolean =>
  createPublicKey({ format: 'jwk', key: jwk }).type === 'public';

/** SECURITY: in a frame of another page, which shows people whatever it likes around it. */
const isFramed = (clientDataJSON: string): boolean => {
  const { crossOrigin, topOrigin } = readClientData(clientDataJSON);
  return (crossOrigin !== undefined && crossOrigin !== false) || topOrigin !== undefined;
};

const readClientData = (text: string) =>
  JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Record<string, unknown>;

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64url'));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

/**
 * The key of nobody's passkey: a point of P-256 whose private half was thrown away. What is compared with it fails after as much work as with
 * anybody's (threat 51).
 */
export const NOBODYS_PASSKEY: PasskeyKey = {
  id: '',
  publicKey:
    'pQECAyYgASFYIP3SDFAbp0hWNFLgOisUF5Xq1E7-_GEAWCb3RMBCcZBpIlgguouTXyXdyUKZR4t5HjNPTAz_6b3mxt5gx9Gr6fZXxiU',
};

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type {
  PasskeyAnswer,
  PasskeyCreated,
  PasskeyCreationOptions,
  PasskeyRequestOptions,
} from '@gatehouse/contracts';
import { type CBORType, encodeCBOR } from '@levischuck/tiny-cbor';
import type { Answer, TestBrowser } from './browser.fixture.ts';
import { FACTORS } from './second-factor.fixture.ts';

export const PASSKEY_OPTIONS = '/api/v1/auth/passkey/options';
export const PASSKEY_LOGIN = '/api/v1/auth/passkey/login';

const ALGORITHMS = { ES256: -7, EdDSA: -8, RS256: -257, ES384: -35 } as const;
export type PasskeyAlgorithm = keyof typeof ALGORITHMS;

/** WebAuthn §6.1: user present, user verified, attested credential data. */
const FLAGS = { up: 0x01, uv: 0x04, at: 0x40 };

/** What is not as it ought to be. */
export interface Twist {
  /** Members of the client data (WebAuthn §5.8.1). */
  clientData?: Record<string, unknown>;
  rpId?: string;
  flags?: number;
  counter?: number;
  userHandle?: string | undefined;
  signature?: (signature: Buffer) => Buffer;
  /** In place of its own public key. */
  key?: Map<number, CBORType>;
  attestation?: { fmt: string; attStmt: CBORType };
}

/** A passkey in somebody's hand, and the browser around it: by WebAuthn, and not as the server reads it. */
export interface SoftwarePasskey {
  readonly id: string;
  /** How often it was used; 0 where it does not count. */
  counter: number;
  create(options: PasskeyCreationOptions, twist?: Twist): PasskeyCreated;
  answer(options: PasskeyRequestOptions, twist?: Twist): PasskeyAnswer;
  /** Another one that holds the same key, counting on from here. */
  copy(): SoftwarePasskey;
}

export function softwarePasskey(
  origin: string,
  of: { algorithm?: PasskeyAlgorithm; counts?: boolean; id?: Buffer } = {},
): SoftwarePasskey {
  const { algorithm = 'ES256', counts = true, id = randomBytes(32) } = of;
  const { publicKey, privateKey } = keysOf(algorithm);
  const hold = (counter: number, handle: string | undefined): SoftwarePasskey => {
    let userHandle = handle;
    const passkey: SoftwarePasskey = {
      id: id.toString('base64url'),
      counter,
      copy: () => hold(passkey.counter, userHandle),
      create({ challenge, rp, user }, twist = {}) {
        userHandle = user.id;
        const authData = Buffer.concat([
          authenticatorData(
            twist.rpId ?? rp.id,
            twist.flags ?? FLAGS.up | FLAGS.uv | FLAGS.at,
            passkey.counter,
          ),
          Buffer.alloc(16),
          Buffer.from([id.length >> 8, id.length & 255]),
          id,
          twist.key ? Buffer.from(encodeCBOR(twist.key)) : coseKey(algorithm, publicKey),
        ]);
        const { fmt = 'none', attStmt = new Map<string, CBORType>() } = twist.attestation ?? {};
        const attestation = new Map<string, CBORType>([
          ['fmt', fmt],
          ['attStmt', attStmt],
          ['authData', new Uint8Array(authData)],
        ]);
        return {
          ...named(id),
          response: {
            clientDataJSON: clientData('webauthn.create', challenge, origin, twist),
            attestationObject: Buffer.from(encodeCBOR(attestation)).toString('base64url'),
            transports: ['internal', 'hybrid'],
          },
          clientExtensionResults: { credProps: { rk: true } },
        };
      },
      answer({ challenge, rpId }, twist = {}) {
        if (counts) passkey.counter += 1;
        const clientDataJSON = clientData('webauthn.get', challenge, origin, twist);
        const data = authenticatorData(
          twist.rpId ?? rpId,
          twist.flags ?? FLAGS.up | FLAGS.uv,
          twist.counter ?? passkey.counter,
        );
        const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
        const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', signed, privateKey);
        const said = 'userHandle' in twist ? twist.userHandle : userHandle;
        return {
          ...named(id),
          response: {
            clientDataJSON,
            authenticatorData: data.toString('base64url'),
            signature: (twist.signature?.(signature) ?? signature).toString('base64url'),
            ...(said !== undefined && { userHandle: said }),
          },
          authenticatorAttachment: 'platform',
          clientExtensionResults: {},
        };
      },
    };
    return passkey;
  };
  return hold(0, undefined);
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

const named = (id: Buffer) => {
  const text = id.toString('base64url');
  return { id: text, rawId: text, type: 'public-key' as const };
};

const clientData = (type: string, challenge: string, origin: string, { clientData: twisted }: Twist) =>
  Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...twisted })).toString(
    'base64url',
  );

function authenticatorData(rpId: string, flags: number, counter: number): Buffer {
  const tail = Buffer.alloc(5);
  tail.writeUInt8(flags, 0);
  tail.writeUInt32BE(counter, 1);
  return Buffer.concat([sha256(rpId), tail]);
}

function keysOf(algorithm: PasskeyAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' });
}

/** RFC 9053 §7, RFC 8230 §4. */
function coseKey(algorithm: PasskeyAlgorithm, publicKey: KeyObject): Buffer {
  const { x = '', y = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  const of: [number, CBORType][] =
    algorithm === 'RS256'
      ? [
          [1, 3],
          [3, ALGORITHMS.RS256],
          [-1, bytes(n)],
          [-2, bytes(e)],
        ]
      : algorithm === 'EdDSA'
        ? [
            [1, 1],
            [3, ALGORITHMS.EdDSA],
            [-1, 6],
            [-2, bytes(x)],
          ]
        : [
            [1, 2],
            [3, ALGORITHMS[algorithm]],
            [-1, algorithm === 'ES256' ? 1 : 2],
            [-2, bytes(x)],
            [-3, bytes(y)],
          ];
  return Buffer.from(encodeCBOR(new Map(of)));
}

/** Adds a passkey on the account page, in a browser that has just signed in. */
export async function addPasskey(
  browser: TestBrowser,
  passkey: SoftwarePasskey,
  { label, twist }: { label?: string; twist?: Twist } = {},
): Promise<Answer> {
  const begun = await browser.post(`${FACTORS}/passkey`);
  if (begun.status !== 200) throw new Error(`no challenge: ${begun.text}`);
  const made = passkey.create(begun.body as unknown as PasskeyCreationOptions, twist);
  return browser.post(`${FACTORS}/passkey/confirm`, { passkey: made, ...(label !== undefined && { label }) });
}

/** What a route asks a passkey for. */
export async function askedBy(
  browser: TestBrowser,
  path: string,
  body: object = {},
): Promise<PasskeyRequestOptions> {
  const { status, text, body: options } = await browser.post(path, body);
  if (status !== 200) throw new Error(`not asked: ${text}`);
  return options as unknown as PasskeyRequestOptions;
}

/** Signs in by a passkey alone. */
export async function enterBy(
  browser: TestBrowser,
  passkey: SoftwarePasskey,
  twist: Twist = {},
): Promise<Answer> {
  const options = await askedBy(browser, PASSKEY_OPTIONS);
  return browser.post(PASSKEY_LOGIN, { passkey: passkey.answer(options, twist) });
}

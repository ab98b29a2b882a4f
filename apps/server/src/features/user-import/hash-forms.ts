import { HashFault } from '../../platform/crypto/index.ts';

/** The password hash parameters of a Firebase project, as its console shows them. */
export interface FirebaseParameters {
  signerKey: string;
  saltSeparator: string;
  rounds: number;
  memoryCost: number;
}

/**
 * The hash of a line in the one form that is stored: as it is, of Firebase's export with the parameters of its project, or of
 * Auth0's `custom_password_hash`.
 *
 * @throws {HashFault}
 */
export function hashOfLine(
  line: Record<string, unknown>,
  firebase: FirebaseParameters | undefined,
): string | undefined {
  const { password_hash: hash, password_salt: salt, custom_password_hash: custom } = line;
  if (custom !== undefined) {
    if (hash !== undefined || salt !== undefined)
      throw new HashFault('custom_password_hash stands for itself, without password_hash');
    return ofAuth0(custom);
  }
  if (hash === undefined && salt === undefined) return undefined;
  if (typeof hash !== 'string') throw new HashFault('password_hash must be a text');
  if (salt === undefined) return hash;
  if (typeof salt !== 'string') throw new HashFault('password_salt must be a text');
  if (firebase === undefined)
    throw new HashFault('a hash with password_salt is of Firebase: name the parameters of its project');
  const { memoryCost, rounds, saltSeparator, signerKey } = firebase;
  return `$firebase-scrypt$ln=${memoryCost},r=${rounds}$${saltSeparator}$${signerKey}$${salt}$${hash}`;
}

/** The algorithms of Auth0's imports that a password can stay under until its owner comes. */
function ofAuth0(custom: unknown): string {
  const { algorithm, hash, salt, password, ...numbers } = record(custom, 'custom_password_hash');
  const { value, encoding = 'utf8' } = record(hash, 'custom_password_hash.hash');
  if (typeof value !== 'string') throw new HashFault('custom_password_hash.hash.value must be a text');
  const spelling =
    password === undefined ? 'utf8' : record(password, 'custom_password_hash.password').encoding;
  if (spelling !== undefined && spelling !== 'utf8')
    throw new HashFault('custom_password_hash.password.encoding must be utf8');
  switch (algorithm) {
    case 'bcrypt':
    case 'argon2':
    case 'pbkdf2':
      // These say their parameters themselves (PHC).
      if (value.startsWith('$')) return value;
      throw new HashFault(`custom_password_hash.hash.value of ${algorithm} must begin with $`);
    case 'scrypt': {
      const of = record(salt, 'custom_password_hash.salt');
      const { keylen, cost = 16_384, blockSize = 8, parallelization = 1 } = numbers;
      const sum = decoded(value, encoding);
      if (sum.length !== keylen)
        throw new HashFault('custom_password_hash.keylen is not the length of the hash');
      const ln = Math.log2(Number(cost));
      if (!Number.isInteger(ln)) throw new HashFault('custom_password_hash.cost must be a power of two');
      return `$scrypt$ln=${ln},r=${String(blockSize)},p=${String(parallelization)}$${base64(decoded(of.value, of.encoding ?? 'utf8'))}$${base64(sum)}`;
    }
    default:
      throw new HashFault(
        'custom_password_hash.algorithm must be bcrypt, argon2, pbkdf2 or scrypt; whoever has a weaker one sets a new password',
      );
  }
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new HashFault(`${name} must be an object`);
}

const ENCODINGS = new Set<unknown>(['base64', 'hex', 'utf8']);

function decoded(value: unknown, encoding: unknown): Buffer {
  if (typeof value === 'string' && ENCODINGS.has(encoding))
    return Buffer.from(value, encoding as BufferEncoding);
  throw new HashFault('values of custom_password_hash are texts in base64, hex or utf8');
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

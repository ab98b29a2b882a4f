/** Why a stored hash is not taken. Never says the hash. */
export class HashFault extends Error {}

/** A hash that we can compare with, from wherever it came, within bounds. */
export type StoredHash =
  | { kind: 'bcrypt'; cost: number }
  | { kind: 'argon2' }
  | { kind: 'scrypt'; N: number; r: number; p: number; salt: Buffer; sum: Buffer }
  | { kind: 'firebase-scrypt'; N: number; r: number; salt: Buffer; signer: Buffer; sum: Buffer }
  | { kind: 'pbkdf2'; digest: string; iterations: number; salt: Buffer; sum: Buffer };

/** The highest BCRYPT_COST. */
const MOST_BCRYPT_COST = 16;
/** KiB, as argon2 counts; of each hash thread. */
const MOST_MEMORY_KIB = 131_072;
const MOST_ARGON2_WORK = 1_048_576;
const MOST_SCRYPT_WORK = 4_194_304;
const MOST_ITERATIONS = 2_000_000;

/**
 * Reads a stored hash: bcrypt (`$2a$`, `$2b$`, `$2y$`), argon2i and argon2id, scrypt, Firebase's scrypt and PBKDF2, each in the
 * PHC string format or what is usual for it.
 *
 * SECURITY: a hash says itself how much it costs to compare with. Without bounds, one line of an import would hold a thread for
 * days, or the machine's memory; they are checked at import and at each sign-in.
 *
 * @throws {HashFault}
 */
export function readStoredHash(text: string): StoredHash {
  if (text.length > 1024) throw new HashFault('the hash is longer than 1024 characters');
  const name = /^\$([a-z0-9-]{1,20})\$/.exec(text)?.[1] ?? '';
  const read = READERS[name];
  if (read === undefined) throw new HashFault('the hash is of no kind that can be imported');
  return read(text);
}

const READERS: Readonly<Record<string, (text: string) => StoredHash>> = {
  '2a': readBcrypt,
  '2b': readBcrypt,
  '2y': readBcrypt,
  argon2i: readArgon2,
  argon2id: readArgon2,
  scrypt: readScrypt,
  'firebase-scrypt': readFirebaseScrypt,
  pbkdf2: readPbkdf2,
  'pbkdf2-sha1': readPbkdf2,
  'pbkdf2-sha256': readPbkdf2,
  'pbkdf2-sha512': readPbkdf2,
};

function readBcrypt(text: string): StoredHash {
  const [, digits] = parts(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/, text, 'bcrypt');
  const cost = bounded(digits, 4, MOST_BCRYPT_COST, 'bcrypt cost');
  return { kind: 'bcrypt', cost };
}

function readArgon2(text: string): StoredHash {
  const [, m, t, p, salt, sum] = parts(
    /^\$argon2id?\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([^$]+)\$([^$]+)$/,
    text,
    'argon2 (version 19)',
  );
  const lanes = bounded(p, 1, 16, 'argon2 parallelism');
  const memory = bounded(m, 8 * lanes, MOST_MEMORY_KIB, 'argon2 memory');
  const passes = bounded(t, 1, 64, 'argon2 time');
  if (memory * passes > MOST_ARGON2_WORK) throw new HashFault('argon2 memory times time is too much');
  bytes(salt, 8, 64, 'salt');
  bytes(sum, 16, 64, 'hash');
  return { kind: 'argon2' };
}

function readScrypt(text: string): StoredHash {
  const [, ln, r, p, salt, sum] = parts(
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$]*)\$([^$]+)$/,
    text,
    'scrypt',
  );
  return {
    kind: 'scrypt',
    ...scryptCost(ln, r, p),
    salt: bytes(salt, 1, 128, 'salt'),
    sum: bytes(sum, 16, 128, 'hash'),
  };
}

/** `$firebase-scrypt$ln=14,r=8$separator$signer$salt$hash`: the export's hash with the parameters of its project. */
function readFirebaseScrypt(text: string): StoredHash {
  const [, ln, r, separator, key, salt, hash] = parts(
    /^\$firebase-scrypt\$ln=(\d{1,2}),r=(\d{1,4})\$([^$]*)\$([^$]+)\$([^$]+)\$([^$]+)$/,
    text,
    'Firebase scrypt',
  );
  const signer = bytes(key, 16, 128, 'signer key');
  const sum = bytes(hash, 16, 128, 'hash');
  // The key as it comes out of AES in counter mode is as long as it was.
  if (sum.length !== signer.length) throw new HashFault('the hash is not as long as the signer key');
  const { N, r: blocks } = scryptCost(ln, r, '1');
  const whole = Buffer.concat([bytes(salt, 1, 128, 'salt'), bytes(separator, 0, 16, 'salt separator')]);
  return { kind: 'firebase-scrypt', N, r: blocks, salt: whole, signer, sum };
}

function scryptCost(ln: string | undefined, blocks: string | undefined, lanes: string | undefined) {
  const N = 2 ** bounded(ln, 1, 20, 'scrypt ln');
  const r = bounded(blocks, 1, 64, 'scrypt r');
  const p = bounded(lanes, 1, 16, 'scrypt p');
  if (N * r > MOST_MEMORY_KIB * 8) throw new HashFault('scrypt takes more than 128 MiB');
  if (N * r * p > MOST_SCRYPT_WORK) throw new HashFault('scrypt ln, r and p together are too much');
  return { N, r, p };
}

function readPbkdf2(text: string): StoredHash {
  const [, name, salt, sum] = parts(/^\$pbkdf2(?:-(sha\d+))?\$[^$]+\$([^$]+)\$([^$]+)$/, text, 'PBKDF2');
  const [, phc, short] = parts(/^\$[^$]+\$(?:i=(\d{1,10})(?:,l=\d{1,4})?|(\d{1,10}))\$/, text, 'PBKDF2');
  return {
    kind: 'pbkdf2',
    digest: name ?? 'sha1',
    iterations: bounded(phc ?? short, 1, MOST_ITERATIONS, 'PBKDF2 iterations'),
    salt: bytes(salt, 1, 128, 'salt'),
    sum: bytes(sum, 16, 128, 'hash'),
  };
}

function parts(form: RegExp, text: string, name: string): (string | undefined)[] {
  const found = form.exec(text);
  if (found === null) throw new HashFault(`the hash is not in the form of ${name}`);
  return found;
}

function bounded(digits: string | undefined, least: number, most: number, name: string): number {
  const value = Number(digits);
  if (digits !== undefined && value >= least && value <= most) return value;
  throw new HashFault(`${name} must be from ${least} to ${most}`);
}

/** Base64 as the formats have it: with `+/`, with `-_`, or with a `.` for the `+` (passlib); padded or not. */
function bytes(text: string | undefined, least: number, most: number, name: string): Buffer {
  if (text === undefined || !/^[A-Za-z0-9+/._-]*={0,2}$/.test(text))
    throw new HashFault(`the ${name} is not base64`);
  const found = Buffer.from(text.replaceAll('.', '+'), 'base64');
  if (found.length >= least && found.length <= most) return found;
  throw new HashFault(`the ${name} must have ${least} to ${most} bytes`);
}

import { createCipheriv, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';
import { readStoredHash, type StoredHash } from './stored-hash.ts';

const MAX_MEMORY = 160 * 1_048_576;

/**
 * Compares a password with a stored hash. In hash threads only: everything here takes its time on purpose.
 *
 * @throws {HashFault} for a hash out of bounds
 */
export function compareHash(password: string, text: string): boolean {
  const stored = readStoredHash(text);
  if (stored.kind === 'bcrypt') return bcrypt.verifySync(password, text);
  if (stored.kind === 'argon2') return argon2.verifySync(text, password);
  return timingSafeEqual(derived(password, stored), stored.sum);
}

function derived(password: string, stored: Extract<StoredHash, { sum: Buffer }>): Buffer {
  const { salt, sum } = stored;
  if (stored.kind === 'pbkdf2')
    return pbkdf2Sync(password, salt, stored.iterations, sum.length, stored.digest);
  const { N, r } = stored;
  const with_ = (p: number) => ({ N, r, p, maxmem: MAX_MEMORY });
  if (stored.kind === 'scrypt') return scryptSync(password, salt, sum.length, with_(stored.p));
  // The project's signer key, encrypted under what scrypt makes of the password (Firebase's modified scrypt).
  const cipher = createCipheriv('aes-256-ctr', scryptSync(password, salt, 32, with_(1)), Buffer.alloc(16));
  return Buffer.concat([cipher.update(stored.signer), cipher.final()]);
}

/**
 * Spends what a comparison left over of the work that an unknown account costs, a whole bcrypt of today's cost, in bcrypts of
 * lower cost, each of which is half of the next.
 *
 * SECURITY: an account whose hash came from another system would otherwise show itself by a quick answer (threat 51).
 */
export function spendRest(text: string, cost: number, elapsedMs: number): void {
  const stored = readStoredHash(text);
  if (stored.kind === 'bcrypt') {
    for (let lower = stored.cost; lower < cost; lower += 1) bcrypt.hashSync('', { cost: lower });
    return;
  }
  let left = unitMs() * 2 ** cost - elapsedMs;
  for (let lower = cost - 1; lower >= 4; lower -= 1) {
    if (left < unitMs() * 2 ** lower) continue;
    bcrypt.hashSync('', { cost: lower });
    left -= unitMs() * 2 ** lower;
  }
}

let unit: number | undefined;
/** What a bcrypt of cost 0 would take in this thread: measured once, by a small one. */
function unitMs(): number {
  if (unit === undefined) {
    const before = threadMs();
    bcrypt.hashSync('', { cost: 9 });
    unit = (threadMs() - before) / 2 ** 9;
  }
  return unit;
}

/** Time of this thread, not of the clock: threads that hash give way to others. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

import { fitsBcrypt } from '@gatehouse/contracts';
import { Piscina } from 'piscina';
import { Problem } from '../http/problem.ts';
import { randomSecret } from './digest.ts';
import type { Traces } from '../traces/index.ts';
import type { HashTask } from './hash-worker.ts';
import { HashFault, readStoredHash } from './stored-hash.ts';

/**
 * Hashes and compares passwords in threads of their own.
 *
 * Never in libuv's pool: bcrypt there starves everything else that waits for it, token verification among it.
 */
export interface Passwords {
  /** @throws {Problem} `auth.busy` when more sign-ins wait for a thread than may; so does `verify`. */
  hash(password: string): Promise<string>;
  /** Costs a full hash even where there is no stored one, so that an unknown account takes as long as a known one. */
  verify(password: string, stored: string | undefined): Promise<boolean>;
  needsRehash(stored: string): boolean;
  /** Hashes done since the start; the tests compare known and unknown accounts by it. */
  readonly done: number;
  readonly load: { busy: number; waiting: number; threads: number };
  close(): Promise<void>;
}

export function createPasswords(options: {
  cost: number;
  workers: number;
  queueLimit: number;
  workerUrl: URL;
  traces: Traces;
}): Passwords {
  const threads = options.workers;
  const pool = new Piscina<HashTask, string | boolean>({
    filename: options.workerUrl.href,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
  });
  const turn = createTurns(threads, options.queueLimit);
  let done = 0;
  const run = async (task: HashTask) => {
    await turn.wait();
    try {
      return await pool.run(task);
    } finally {
      done += 1;
      turn.pass();
    }
  };
  const traced = (task: HashTask) => options.traces.span('password hash', {}, () => run(task));
  const hash = async (password: string) =>
    (await traced({ kind: 'hash', password, cost: options.cost })) as string;
  // What an unknown account is compared with: a real hash at today's cost, of a secret that nobody knows.
  const decoy = hash(randomSecret(24).toString('base64url'));
  decoy.catch(() => undefined);
  return {
    hash,
    async verify(password, stored) {
      const known = stored !== undefined && isComparable(stored) ? stored : undefined;
      const comparable = fitsBcrypt(password) && !password.includes('\0');
      const right = (await traced({
        kind: 'verify',
        password: comparable ? password : '',
        hash: known ?? (await decoy),
        cost: options.cost,
      })) as boolean;
      return right && comparable && known !== undefined;
    },
    needsRehash(stored) {
      const cost = /^\$2[aby]\$(\d\d)\$/.exec(stored)?.[1];
      return cost === undefined || Number(cost) < options.cost;
    },
    get done() {
      return done;
    },
    get load() {
      return { ...turn.load, threads };
    },
    close: () => pool.destroy(),
  };
}

/** SECURITY: what costs more than we bear is compared with nothing, whoever put it there; it costs a hash, and nobody signs in by it. */
function isComparable(stored: string): boolean {
  try {
    readStoredHash(stored);
    return true;
  } catch (error) {
    if (error instanceof HashFault) return false;
    throw error;
  }
}

/**
 * Who comes first is served first. The thread pool alone is not fair: whoever asks in the moment in which a thread has become
 * free overtakes those who wait, and under a steady storm somebody waits for ever.
 */
function createTurns(threads: number, queueLimit: number) {
  const waiting: (() => void)[] = [];
  let free = threads;
  return {
    async wait(): Promise<void> {
      if (free > 0) {
        free -= 1;
        return;
      }
      if (waiting.length >= queueLimit)
        throw new Problem('auth.busy', { detail: 'Try again in a moment.', retryAfter: 2 });
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    get load() {
      return { busy: threads - free, waiting: waiting.length };
    },
    /** Hands the thread to the next in line. */
    pass(): void {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}

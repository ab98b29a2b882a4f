import type { Redis } from 'ioredis';
import { RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Doors } from '../database/index.ts';
import { deleteCounters, storeOn } from './limits.repo.ts';

export interface Count {
  /** False for one too many. */
  isLeft: boolean;
  used: number;
  /** Until it begins anew. */
  secondsLeft: number;
}

/** Counts up to a limit in each window of time; a window begins with the first that is counted. */
export interface Counter {
  readonly limit: number;
  /** Counts one, or as many as are said. Exact under any number of parallel requests and nodes: the store increments and answers in one step. */
  count(key: string, many?: number): Promise<Count>;
  /** Takes one back that was counted for what then did not happen. */
  giveBack(key: string): Promise<void>;
}

export interface Counters {
  upTo(limit: number, seconds: number): Counter;
  /** Removes every counter with this in its key, whatever it has counted. */
  forget(part: string): Promise<void>;
  close(): void;
}

/** Counters of the whole deployment: in Valkey where there is one, else in the database. */
export async function createCounters(options: {
  doors: Doors;
  /** Milliseconds that this machine's clock lacks. */
  clockOffset(): number;
  valkeyUrl: string | undefined;
  onError(error: Error): void;
}): Promise<Counters> {
  const storeClient = storeOn(options.doors, options.clockOffset);
  const valkey =
    options.valkeyUrl === undefined ? undefined : await connectValkey(options.valkeyUrl, options.onError);
  const inPostgres = (points: number, duration: number) =>
    new RateLimiterPostgres({
      storeClient,
      storeType: 'client',
      schemaName: 'gatehouse',
      tableName: 'rate_limits',
      tableCreated: true,
      keyPrefix: '',
      clearExpiredByTimeout: true,
      points,
      duration,
    });
  return {
    upTo(limit, seconds) {
      const limiter =
        valkey === undefined
          ? inPostgres(limit, seconds)
          : // When Valkey is away the database counts: a limit never falls open.
            new RateLimiterRedis({
              storeClient: valkey,
              keyPrefix: 'gatehouse:limit',
              points: limit,
              duration: seconds,
              insuranceLimiter: inPostgres(limit, seconds),
            });
      return {
        limit,
        async count(key, many = 1) {
          const result = await limiter.consume(key, many).catch((refused: unknown) => {
            if (refused instanceof RateLimiterRes) return refused;
            throw refused;
          });
          return {
            isLeft: result.consumedPoints <= limit,
            used: result.consumedPoints,
            secondsLeft: result.msBeforeNext / 1000,
          };
        },
        async giveBack(key) {
          await limiter.reward(key);
        },
      };
    },
    async forget(part) {
      await deleteCounters(options.doors, part);
      if (valkey === undefined) return;
      for await (const keys of valkey.scanStream({ match: `gatehouse:limit:*${part}*`, count: 1000 }))
        if ((keys as string[]).length > 0) await valkey.unlink(...(keys as string[]));
    },
    close: () => valkey?.disconnect(),
  };
}

async function connectValkey(url: string, onError: (error: Error) => void): Promise<Redis> {
  // Loaded only where it is used: 6 MiB.
  const { Redis } = await import('ioredis');
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: 3000 });
  client.on('error', onError);
  return client;
}

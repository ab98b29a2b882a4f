import type { Redis } from 'ioredis';
import { RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Doors } from '../database/index.ts';
import { deleteCounters, storeOn, takeBackPoints } from './limits.repo.ts';

export interface Count {
  /** False for one too many. */
  isLeft: boolean;
  used: number;
  /** Until it begins anew. */
  secondsLeft: number;
  /**
   * Takes it back, for what then did not happen. Once the window in which it was counted is over there is nothing to take
   * back: whoever had it taken from the next one would have one more than the limit. A store that is away keeps the count.
   */
  giveBack(): Promise<void>;
}

/** Counts up to a limit in each window of time; a window begins with the first that is counted. */
export interface Counter {
  readonly limit: number;
  /** How long a window is. */
  readonly seconds: number;
  /** Counts one, or as many as are said. Exact under any number of parallel requests and nodes: the store increments and answers in one step. */
  count(key: string, many?: number): Promise<Count>;
}

/** Where a counter counts. */
interface Store {
  limiter: Pick<RateLimiterRedis, 'consume'>;
  /** Less `points`, if the window of the key ends within so many milliseconds. */
  takeBack(key: string, points: number, withinMs: number): Promise<void>;
}

export interface Counters {
  upTo(limit: number, seconds: number): Counter;
  /** Removes every counter with this in its key, whatever it has counted. */
  forget(part: string): Promise<void>;
  close(): void;
}

const VALKEY_PREFIX = 'gatehouse:limit';
/** One step, like counting: nobody begins a window between the look and the taking. */
const TAKE_BACK = `
local ttl = redis.call('pttl', KEYS[1])
if ttl > 0 and ttl <= tonumber(ARGV[2]) then
  local points = math.min(tonumber(redis.call('get', KEYS[1])), tonumber(ARGV[1]))
  if points > 0 then redis.call('decrby', KEYS[1], points) end
end`;

const consume = ({ limiter }: Store, key: string, many: number): Promise<RateLimiterRes> =>
  limiter.consume(key, many).catch((refused: unknown) => {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  });

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
  const inPostgres = (points: number, duration: number): Store => ({
    limiter: new RateLimiterPostgres({
      storeClient,
      storeType: 'client',
      schemaName: 'gatehouse',
      tableName: 'rate_limits',
      tableCreated: true,
      keyPrefix: '',
      clearExpiredByTimeout: true,
      points,
      duration,
    }),
    takeBack: (key, many, withinMs) =>
      takeBackPoints(options.doors, key, many, Date.now() + options.clockOffset(), withinMs),
  });
  const inValkey = (client: Redis, points: number, duration: number): Store => ({
    limiter: new RateLimiterRedis({ storeClient: client, keyPrefix: VALKEY_PREFIX, points, duration }),
    async takeBack(key, many, withinMs) {
      await client.eval(TAKE_BACK, 1, `${VALKEY_PREFIX}:${key}`, many, Math.ceil(withinMs));
    },
  });
  return {
    upTo(limit, seconds) {
      const database = inPostgres(limit, seconds);
      const first = valkey === undefined ? database : inValkey(valkey, limit, seconds);
      return {
        limit,
        seconds,
        async count(key, many = 1) {
          let store = first;
          const result = await consume(first, key, many).catch((error: unknown) => {
            if (first === database) throw error;
            // When Valkey is away the database counts: a limit never falls open.
            store = database;
            return consume(database, key, many);
          });
          const until = performance.now() + result.msBeforeNext;
          return {
            isLeft: result.consumedPoints <= limit,
            used: result.consumedPoints,
            secondsLeft: result.msBeforeNext / 1000,
            async giveBack() {
              // The window after this one ends at least a whole window later; half of one is more than clocks differ.
              const withinMs = until - performance.now() + seconds * 500;
              if (withinMs > 0) await store.takeBack(key, many, withinMs).catch(options.onError);
            },
          };
        },
      };
    },
    async forget(part) {
      await deleteCounters(options.doors, part);
      if (valkey === undefined) return;
      for await (const keys of valkey.scanStream({ match: `${VALKEY_PREFIX}:*${part}*`, count: 1000 }))
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

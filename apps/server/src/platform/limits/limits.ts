import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import {
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { countedAs } from '../../config/index.ts';
import type { Doors } from '../database/index.ts';
import { Problem } from '../http/problem.ts';
import { storeOn } from './limits.repo.ts';

/** The groups of authentication endpoints that are counted apart (spec D1). Renewals are counted by session, in the session. */
export type LimitGroup = 'login' | 'register' | 'check-method' | 'password' | 'setup';

export interface Limits {
  /** Counts one request. Exact under any number of parallel requests and nodes: the store increments and answers in one step. */
  consume(group: LimitGroup, address: string): Promise<RateLimiterRes>;
  close(): Promise<void>;
}

export async function createLimits(options: {
  perMinute: number;
  doors: Doors;
  valkeyUrl: string | undefined;
  onError(error: Error): void;
}): Promise<Limits> {
  const inPostgres = postgresLimiter(options);
  const valkey =
    options.valkeyUrl === undefined ? undefined : await connectValkey(options.valkeyUrl, options.onError);
  const limiter: RateLimiterAbstract =
    valkey === undefined
      ? inPostgres
      : // When Valkey is away the database counts: a limit never falls open.
        new RateLimiterRedis({
          storeClient: valkey,
          keyPrefix: 'gatehouse:limit',
          points: options.perMinute,
          duration: 60,
          insuranceLimiter: inPostgres,
        });
  return {
    async consume(group, address) {
      try {
        // SECURITY: a request without an address shares one bucket; it is not let by uncounted (threat 54).
        return await limiter.consume(`${group}:${address === '' ? 'unknown' : countedAs(address)}`);
      } catch (result) {
        if (result instanceof RateLimiterRes) return result;
        throw result;
      }
    },
    close: async () => {
      valkey?.disconnect();
    },
  };
}

function postgresLimiter({ perMinute, doors }: { perMinute: number; doors: Doors }): RateLimiterAbstract {
  return new RateLimiterPostgres({
    storeClient: storeOn(doors),
    storeType: 'client',
    schemaName: 'gatehouse',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: '',
    clearExpiredByTimeout: true,
    points: perMinute,
    duration: 60,
  });
}

async function connectValkey(url: string, onError: (error: Error) => void): Promise<Redis> {
  // Loaded only where it is used: 6 MiB.
  const { Redis } = await import('ioredis');
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: 3000 });
  client.on('error', onError);
  return client;
}

/** Enforces `config.limit`, before anything of the request is read. */
export function installLimits(app: FastifyInstance, limits: Limits, perMinute: number): void {
  app.addHook('onRequest', async (request, reply) => {
    const group = request.routeOptions.config.limit;
    if (group === undefined || request.is404) return;
    const result = await limits.consume(group, request.clientAddress);
    const headers = limitHeaders(
      perMinute,
      Math.max(0, perMinute - result.consumedPoints),
      result.msBeforeNext / 1000,
    );
    reply.headers(headers);
    if (result.consumedPoints > perMinute) {
      throw new Problem('rate.limited', {
        detail: `At most ${perMinute} requests a minute reach this group of endpoints from one address.`,
        retryAfter: result.msBeforeNext / 1000,
        headers,
      });
    }
  });
}

/** The `RateLimit-*` fields (draft-ietf-httpapi-ratelimit-headers). */
export const limitHeaders = (
  limit: number,
  remaining: number,
  resetSeconds: number,
): Record<string, string> => ({
  'ratelimit-policy': `${limit};w=60`,
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(Math.max(0, Math.ceil(resetSeconds))),
});

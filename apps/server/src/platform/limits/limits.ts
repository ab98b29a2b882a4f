import type { FastifyInstance } from 'fastify';
import { countedAs } from '../../config/index.ts';
import { Problem } from '../http/problem.ts';
import type { Counted } from '../metrics/index.ts';
import type { Count, Counter } from './counter.ts';

/** The groups of authentication endpoints that are counted apart (spec D1). Renewals are counted by session, in the session. */
export type LimitGroup =
  | 'login'
  | 'register'
  | 'check-method'
  | 'password'
  | 'mfa'
  | 'passkey'
  | 'mail-sign-in'
  | 'email'
  | 'setup'
  | 'switch-tenant'
  | 'invitation'
  | 'connection'
  | 'token';

export interface Limits {
  readonly perMinute: number;
  /** Counts one request. */
  consume(group: LimitGroup, address: string): Promise<Count>;
}

export const createLimits = (perMinute: Counter): Limits => ({
  perMinute: perMinute.limit,
  // SECURITY: a request without an address shares one bucket; it is not let by uncounted (threat 54).
  consume: (group, address) => perMinute.count(`${group}:${address === '' ? 'unknown' : countedAs(address)}`),
});

/** Enforces `config.limit`, before anything of the request is read. */
export function installLimits(
  app: FastifyInstance,
  limits: Limits,
  metrics: Pick<Counted, 'limitRefused'>,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const group = request.routeOptions.config.limit;
    if (group === undefined || request.is404) return;
    const { perMinute } = limits;
    const { isLeft, used, secondsLeft } = await limits.consume(group, request.clientAddress);
    const headers = limitHeaders(perMinute, Math.max(0, perMinute - used), secondsLeft);
    reply.headers(headers);
    if (!isLeft) {
      metrics.limitRefused(group);
      throw new Problem('rate.limited', {
        detail: `At most ${perMinute} requests a minute reach this group of endpoints from one address.`,
        retryAfter: secondsLeft,
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

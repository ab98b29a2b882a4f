import { LRUCache } from 'lru-cache';
import type { TenantId } from '../ids.ts';
import type { Counter } from './counter.ts';

/** What is left of a tenant's requests after one of them. */
export interface Spent {
  isLeft: boolean;
  remaining: number;
  /** Until they are counted anew. */
  secondsLeft: number;
}

/**
 * Counts the requests of a tenant against a number a minute, over all processes, without asking the store for each: a process
 * takes a fiftieth of the minute at a time and hands it out (docs/adr/0047).
 *
 * Never more than the limit pass. Somewhat fewer may, since what a process took and did not hand out is lost when the minute ends.
 */
export interface TenantRate {
  spend(tenantId: TenantId, perMinute: number): Promise<Spent>;
  /** How often the store was asked. */
  readonly asked: number;
}

interface Share {
  perMinute: number;
  /** Taken and not handed out yet. */
  left: number;
  /** Nothing more is to be had before the minute ends. */
  isLast: boolean;
  remaining: number;
  /** Monotonic milliseconds. */
  until: number;
}

const SHARES = 50;

export function createTenantRate(counter: Counter): TenantRate {
  const shares = new LRUCache<TenantId, Share>({ max: 20_000 });
  const asking = new Map<TenantId, { waiting: number; done: Promise<void> }>();
  let asked = 0;

  async function take(tenantId: TenantId, perMinute: number, wanted: () => number): Promise<void> {
    // Whoever asks in the same moment is served by the same answer.
    await Promise.resolve();
    const size = Math.min(perMinute, Math.max(1, Math.floor(perMinute / SHARES), wanted()));
    asked += 1;
    const { used, secondsLeft } = await counter.count(`requests of:${tenantId}`, size);
    const left = Math.max(0, Math.min(size, perMinute - (used - size)));
    shares.set(tenantId, {
      perMinute,
      left,
      isLast: left < size,
      remaining: Math.max(0, perMinute - used),
      until: performance.now() + secondsLeft * 1000,
    });
  }

  return {
    async spend(tenantId, perMinute) {
      for (;;) {
        const share = shares.get(tenantId);
        if (share !== undefined && share.perMinute === perMinute && share.until > performance.now()) {
          const secondsLeft = (share.until - performance.now()) / 1000;
          if (share.left > 0) {
            share.left -= 1;
            return { isLeft: true, remaining: share.remaining + share.left, secondsLeft };
          }
          if (share.isLast) return { isLeft: false, remaining: 0, secondsLeft };
        }
        let under = asking.get(tenantId);
        if (under === undefined) {
          const begun = { waiting: 0, done: Promise.resolve() };
          begun.done = take(tenantId, perMinute, () => begun.waiting).finally(() => asking.delete(tenantId));
          asking.set(tenantId, begun);
          under = begun;
        }
        under.waiting += 1;
        await under.done;
      }
    },
    get asked() {
      return asked;
    },
  };
}

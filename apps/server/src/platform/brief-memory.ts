import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';
import type { Doors } from './database/index.ts';
import type { LogRow } from './revocations/revocations.repo.ts';

/**
 * What a credential stands for, asked of the database in one statement and remembered for half a second at most (docs/adr/0004).
 *
 * - Whatever this process commits empties it: its own changes hold from the next request on. Another process's are seen within the half second.
 * - That there is nothing is not remembered: what begins is seen at once.
 */
export interface BriefMemory<Value extends object> {
  /** @param key all that the value depends on: two credentials never share an entry (threat 13) */
  get(key: string, load: (now: Date) => Promise<Value | undefined>): Promise<Value | undefined>;
  /** What the revocation log tells, of other processes too. */
  forget(ended: readonly Pick<LogRow, 'kind'>[]): void;
}

/** Milliseconds. Staleness that other processes may see; a second is what spec S7 allows. */
const REMEMBERED_MS = 500;

/** Waits until whatever was remembered before now is forgotten in every process. */
export const untilForgotten = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, REMEMBERED_MS);
  });

export function createBriefMemory<Value extends object>(options: {
  doors: Doors;
  clock: Clock;
  /** When the value ends by itself. */
  endOf?: (value: Value) => Date | null;
}): BriefMemory<Value> {
  const { doors, clock, endOf } = options;
  // The cache's own bound is monotonic: a wall clock that is set back must not stretch the memory.
  const known = new LRUCache<string, { value: Value; until: number }>({ max: 5000, ttl: REMEMBERED_MS });
  let generation = 0;
  const clear = () => {
    generation += 1;
    known.clear();
  };
  doors.onTenantChange(clear);
  return {
    async get(key, load) {
      const now = clock.now();
      const found = known.get(key);
      if (found !== undefined && found.until > now.getTime()) return found.value;
      const before = generation;
      const value = await load(now);
      // SECURITY: what was read before a commit may be what the commit has changed; it answers this request and no other.
      if (value !== undefined && before === generation) {
        const until = Math.min(now.getTime() + REMEMBERED_MS, endOf?.(value)?.getTime() ?? Infinity);
        known.set(key, { value, until });
      }
      return value;
    },
    forget(ended) {
      if (ended.some(({ kind }) => kind !== 'settings' && kind !== 'session')) clear();
    },
  };
}

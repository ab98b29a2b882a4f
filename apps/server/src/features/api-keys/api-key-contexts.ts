import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';
import type { Doors } from '../../platform/database/index.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import { type ApiKeyContext, loadApiKeyContext } from './api-keys.repo.ts';

/**
 * What keys stand for, asked of the database in one statement and remembered for half a second at most, like sessions (docs/adr/0004).
 *
 * - Whatever this process commits empties it: its own changes hold from the next request on.
 * - Whoever revokes a key is answered when no process can remember it any more (`untilForgotten`): from the next request on it is
 *   refused everywhere (spec M4).
 * - That there is no such key is not remembered.
 */
export interface ApiKeyContexts {
  get(hash: Buffer): Promise<ApiKeyContext | undefined>;
  /** What the revocation log tells, of other processes too. */
  forget(ended: readonly Pick<LogRow, 'kind'>[]): void;
}

/** Milliseconds. */
const REMEMBERED_MS = 500;

/** Waits until whatever was remembered before now is forgotten in every process. */
export const untilForgotten = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, REMEMBERED_MS);
  });

export function createApiKeyContexts({ doors, clock }: { doors: Doors; clock: Clock }): ApiKeyContexts {
  // SECURITY: by the hash of the whole key, and nothing less: two keys of one owner never share an entry (threat 13).
  const known = new LRUCache<string, { context: ApiKeyContext; until: number }>({
    max: 5000,
    ttl: REMEMBERED_MS,
  });
  let generation = 0;
  const clear = () => {
    generation += 1;
    known.clear();
  };
  doors.onTenantChange(clear);
  return {
    async get(hash) {
      const now = clock.now();
      const key = hash.toString('base64');
      const found = known.get(key);
      if (found !== undefined && found.until > now.getTime()) return found.context;
      const before = generation;
      const context = await loadApiKeyContext(doors, hash, now);
      // SECURITY: what was read before a commit may be what the commit has changed; it answers this request and no other.
      if (context !== undefined && before === generation) {
        const until = Math.min(now.getTime() + REMEMBERED_MS, context.expires_at?.getTime() ?? Infinity);
        known.set(key, { context, until });
      }
      return context;
    },
    forget(ended) {
      if (ended.some(({ kind }) => kind !== 'settings' && kind !== 'session')) clear();
    },
  };
}

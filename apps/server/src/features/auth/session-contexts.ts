import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';
import type { Doors } from '../../platform/database/index.ts';
import type { SessionId, TenantId } from '../../platform/ids.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import { loadSessionContext, type SessionContext } from './sessions.repo.ts';

/**
 * What sessions stand for, asked of the database in one statement and remembered for at most half a second (spec R6, S7).
 *
 * - Whatever this process commits empties it: its own changes hold from the next request on.
 * - A change by another process is seen within the half second, inside the one second that spec S7 allows.
 * - Only a context is remembered, never its absence: a session that begins is seen at once.
 */
export interface SessionContexts {
  get(tenantId: TenantId, sessionId: SessionId): Promise<SessionContext | undefined>;
  /** What the revocation log tells, of other processes too: it is asked for anew. */
  forget(ended: readonly Pick<LogRow, 'kind' | 'tenant_id' | 'subject_id'>[]): void;
  /** How often the database was asked. */
  readonly asked: number;
}

/** Milliseconds. Staleness that other processes may see; a second is what S7 allows. */
const REMEMBERED_MS = 500;

export function createSessionContexts({ doors, clock }: { doors: Doors; clock: Clock }): SessionContexts {
  // The cache's own bound is monotonic: a wall clock that is set back must not stretch the memory.
  const known = new LRUCache<string, { context: SessionContext; until: number }>({
    max: 5000,
    ttl: REMEMBERED_MS,
  });
  let generation = 0;
  let asked = 0;
  doors.onTenantChange(() => {
    generation += 1;
    known.clear();
  });
  return {
    async get(tenantId, sessionId) {
      const now = clock.now();
      // SECURITY: by both, as the database would judge: a session under another tenant's name is no session (threat 9).
      const key = `${tenantId} ${sessionId}`;
      const found = known.get(key);
      if (found !== undefined && found.until > now.getTime()) return found.context;
      const before = generation;
      asked += 1;
      const context = await loadSessionContext(doors, tenantId, sessionId, now);
      // SECURITY: what was read before a commit may be what the commit has changed; it answers this request and no other.
      if (context !== undefined && before === generation) {
        const until = Math.min(now.getTime() + REMEMBERED_MS, context.session_expires_at.getTime());
        known.set(key, { context, until });
      }
      return context;
    },
    forget(ended) {
      for (const { kind, tenant_id, subject_id } of ended) {
        if (kind === 'settings') continue;
        generation += 1;
        if (kind === 'session') known.delete(`${tenant_id} ${subject_id}`);
        else known.clear();
      }
    },
    get asked() {
      return asked;
    },
  };
}

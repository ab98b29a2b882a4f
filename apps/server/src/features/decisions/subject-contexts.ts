import type { SubjectType } from '@gatehouse/decisions';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';
import type { Doors } from '../../platform/database/index.ts';
import { isUuid, type TenantId } from '../../platform/ids.ts';
import type { LogRow } from '../../platform/revocations/revocations.repo.ts';
import { loadSubjectContext, type SubjectContext } from './subjects.repo.ts';

/**
 * What subjects of decisions stand for, asked of the database in one statement and remembered for half a second at most, like sessions
 * (docs/adr/0004). That there is no such subject is not remembered.
 */
export interface SubjectContexts {
  get(tenantId: TenantId, type: SubjectType, id: string): Promise<SubjectContext | undefined>;
  /** What the revocation log tells, of other processes too. */
  forget(ended: readonly Pick<LogRow, 'kind'>[]): void;
}

/** Milliseconds. */
const REMEMBERED_MS = 500;

export function createSubjectContexts({ doors, clock }: { doors: Doors; clock: Clock }): SubjectContexts {
  const known = new LRUCache<string, { context: SubjectContext; until: number }>({
    max: 20_000,
    ttl: REMEMBERED_MS,
  });
  let generation = 0;
  const clear = () => {
    generation += 1;
    known.clear();
  };
  doors.onTenantChange(clear);
  return {
    async get(tenantId, type, id) {
      // Users and keys go by ids; what is none names nobody, and no statement has to find that out.
      if (type !== 'service' && !isUuid(id)) return undefined;
      const now = clock.now();
      // SECURITY: all three, of which only the last can hold whatever a caller writes: no two of them are written alike (threat 14).
      const key = `${tenantId} ${type} ${id}`;
      const found = known.get(key);
      if (found !== undefined && found.until > now.getTime()) return found.context;
      const before = generation;
      const context = await loadSubjectContext(doors, tenantId, type, id, now);
      // SECURITY: what was read before a commit may be what the commit has changed; it answers this question and no other.
      if (context !== undefined && before === generation)
        known.set(key, { context, until: now.getTime() + REMEMBERED_MS });
      return context;
    },
    forget(ended) {
      if (ended.some(({ kind }) => kind !== 'settings')) clear();
    },
  };
}

import type { Clock } from '../../platform/clock.ts';
import type { Doors } from '../../platform/database/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';
import { notePermissionUses, type PermissionUse } from './permission-uses.repo.ts';

const FLUSH_MS = 5000;
const DAY_MS = 86_400_000;
/** What is remembered of a day; beyond it a use is written again, which changes nothing. */
const MOST = 200_000;

/**
 * Which permissions are used, written in batches beside the requests that use them, and once a day for each principal and permission
 * by each process: a use that was noted today costs a look into memory.
 */
export interface PermissionUses {
  note(tenantId: TenantId, principalId: PrincipalId, permission: string): void;
  /** Writes what was noted; the timer calls it every few seconds, tests by hand. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export function createPermissionUses(options: {
  doors: Doors;
  clock: Clock;
  onError(error: unknown): void;
}): PermissionUses {
  let day = '';
  /** The end of that day, UTC. */
  let ends = 0;
  let noted = new Set<string>();
  let waiting: PermissionUse[] = [];
  let flushing = Promise.resolve();
  const flush = () => {
    const batch = waiting;
    const on = day;
    waiting = [];
    if (batch.length > 0)
      flushing = flushing
        .then(() => options.doors.asSystem('permission uses', (tx) => notePermissionUses(tx, batch, on)))
        // Noted again when it is used again, tomorrow at the latest.
        .catch(options.onError);
    return flushing;
  };
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  return {
    note(tenantId, principalId, permission) {
      const now = options.clock.now().getTime();
      if (now >= ends || noted.size >= MOST) {
        void flush();
        day = new Date(now).toISOString().slice(0, 10);
        ends = Math.floor(now / DAY_MS + 1) * DAY_MS;
        noted = new Set();
      }
      const key = principalId + permission;
      if (noted.has(key)) return;
      noted.add(key);
      waiting.push({ tenantId, principalId, permission });
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

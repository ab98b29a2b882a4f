import { DatabaseUnavailable, type Doors } from '../../platform/database/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import { addAnonymousDenials, insertDecisions, type NewDecision } from './audit.repo.ts';

const FLUSH_MS = 1000;
// Above this many waiting permits the log is shedding load; how many were dropped is logged.
const MAX_WAITING = 10_000;

/**
 * The decision log, written in batches off the request path: permits of our own routes (all for changes, a sample for reads), whatever
 * services ask decisions about, and refusals of callers without an identity, counted by the minute. Denials of known callers on our own
 * routes are audit records and not in here.
 */
export interface DecisionLog {
  /** Made when it is kept: a log that sheds load must not cost what it does not keep. */
  decided(make: () => Omit<NewDecision, 'id' | 'occurredAt'>): void;
  anonymousDenial(route: string, code: string): void;
  close(): Promise<void>;
}

export function createDecisionLog(options: {
  doors: Doors;
  clock: Clock;
  onError(error: unknown): void;
}): DecisionLog {
  let waiting: NewDecision[] = [];
  let denials = new Map<string, { minute: Date; route: string; code: string; count: number }>();
  let flushing = Promise.resolve();
  let dropped = 0;

  const flush = () => {
    if (waiting.length === 0 && denials.size === 0) return;
    const batch = waiting;
    const counted = [...denials.values()];
    if (dropped > 0)
      options.onError(new Error(`the decision log is behind: ${dropped} decisions were not kept`));
    dropped = 0;
    waiting = [];
    denials = new Map();
    flushing = flushing
      .then(() =>
        options.doors.asSystem('decision log', async (tx) => {
          for (let from = 0; from < batch.length; from += 500)
            await insertDecisions(tx, batch.slice(from, from + 500));
          await addAnonymousDenials(tx, counted);
        }),
      )
      .catch((error: unknown) => {
        options.onError(error);
        // A change that was acknowledged keeps its decision: it is written when the database is back. Which of the denials were
        // counted nobody knows; they are not counted twice.
        if (error instanceof DatabaseUnavailable) waiting = [...batch, ...waiting].slice(0, MAX_WAITING);
      });
  };
  const timer = setInterval(flush, FLUSH_MS);
  timer.unref();

  return {
    decided(make) {
      if (waiting.length < MAX_WAITING)
        waiting.push({ ...make(), id: newId(), occurredAt: options.clock.now() });
      else dropped += 1;
    },
    anonymousDenial(route, code) {
      const minute = new Date(Math.floor(options.clock.now().getTime() / 60_000) * 60_000);
      const key = `${minute.getTime()} ${route} ${code}`;
      const known = denials.get(key);
      if (known) known.count += 1;
      else denials.set(key, { minute, route, code, count: 1 });
    },
    async close() {
      clearInterval(timer);
      flush();
      await flushing;
    },
  };
}

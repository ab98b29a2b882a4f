import { DatabaseUnavailable, type Doors } from '../../platform/database/index.ts';
import { type LastUse, noteLastUse } from './api-keys.repo.ts';

const FLUSH_MS = 5000;
/** A key that is used all the time is written once a minute. */
const AGAIN_MS = 60_000;

/** When keys were used last, written in batches beside the requests that use them (spec M4). */
export interface LastUses {
  note(use: LastUse & { known: Date | null }): void;
  /** Writes what was noted; the job calls it every few seconds, tests by hand. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export function createLastUses(options: { doors: Doors; onError(error: unknown): void }): LastUses {
  let noted = new Map<string, LastUse>();
  let flushing = Promise.resolve();
  const flush = () => {
    if (noted.size === 0) return flushing;
    const batch = noted;
    noted = new Map();
    flushing = flushing
      .then(() => options.doors.asSystem('last use of keys', (tx) => noteLastUse(tx, [...batch.values()])))
      .catch((error: unknown) => {
        options.onError(error);
        if (error instanceof DatabaseUnavailable) noted = new Map([...batch, ...noted]);
      });
    return flushing;
  };
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  return {
    note({ known, ...use }) {
      if (known === null || use.at.getTime() - known.getTime() >= AGAIN_MS) noted.set(use.id, use);
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

/** What is wrong with the database right now, in the one word that callers act on. */
export class DatabaseUnavailable extends Error {}

/**
 * Whether the database is there, as the watch over it last saw (`watch.ts`). While it is away everything that needs it is
 * refused at once, instead of piling up behind connections that do not answer.
 */
export interface Circuit {
  readonly isOpen: boolean;
  /** The database is away: whatever waits for it fails now. */
  open(cause: unknown): void;
  /** It answers again. */
  close(): void;
  onOpen(listener: () => void): void;
  /** @throws {DatabaseUnavailable} while it is away. */
  check(): void;
  /** The same as the promise, or {@link DatabaseUnavailable} as soon as the database is away. */
  guard<T>(work: Promise<T>): Promise<T>;
}

export function createCircuit(): Circuit {
  const waiting = new Set<(reason: DatabaseUnavailable) => void>();
  const listeners: (() => void)[] = [];
  let away: DatabaseUnavailable | undefined;
  return {
    get isOpen() {
      return away !== undefined;
    },
    open(cause) {
      if (away !== undefined) return;
      away = new DatabaseUnavailable('the database does not answer', { cause });
      for (const refuse of waiting) refuse(away);
      waiting.clear();
      for (const listener of listeners) listener();
    },
    close: () => void (away = undefined),
    onOpen: (listener) => void listeners.push(listener),
    check() {
      if (away !== undefined) throw away;
    },
    // By hand and not by `Promise.race`, which leaves a promise behind for each statement: this is on every one's way.
    guard: (work) =>
      new Promise((resolve, reject) => {
        const forget = () => waiting.delete(reject);
        waiting.add(reject);
        work.then(forget, forget);
        work.then(resolve, reject);
      }),
  };
}

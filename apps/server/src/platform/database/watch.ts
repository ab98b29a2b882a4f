import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Circuit, DatabaseUnavailable } from './circuit.ts';
import { asUnavailable, streamOf } from './pool.ts';

/** Between the end of one beat and the next. */
const BEAT_MS = 250;
/** A database that answers nothing for so long is away. */
const PATIENCE_MS = 2000;

/** Runs a statement on the watch's own connection. */
export type Ask = (statement: { text: string; values: unknown[] }) => Promise<object[]>;

/**
 * Watches the database over a connection of its own, four times a second: whatever is slow in the pool, and however many wait
 * for it, the watch knows whether the database is there. It opens and closes the circuit; nothing else does.
 */
export interface Watch {
  start(): void;
  close(): Promise<void>;
}

export function createWatch(options: {
  url: string;
  circuit: Circuit;
  /** What each beat does. */
  beat(ask: Ask): Promise<void>;
  onError(error: unknown): void;
}): Watch {
  const { url, circuit } = options;
  let client: pg.Client | undefined;
  let running: Promise<void> = Promise.resolve();
  const closing = new AbortController();

  const letGo = () => {
    const gone = client;
    client = undefined;
    if (gone !== undefined) streamOf(gone).destroy();
  };
  const connect = async () => {
    const made = new pg.Client({
      connectionString: url,
      keepAlive: true,
      application_name: 'gatehouse: watch',
    });
    // Told by the statement that fails as well; without a listener it would end the process.
    made.on('error', () => undefined);
    client = made;
    await made.connect();
    return made;
  };
  const beat = async () => {
    const connected = client ?? (await connect());
    await options.beat(async ({ text, values }) => (await connected.query<object>(text, values)).rows);
  };
  const attempt = async () => {
    await withPatience(beat());
    if (circuit.isOpen) options.onError(new Error('the database answers again'));
    circuit.close();
  };
  const run = async () => {
    while (!closing.signal.aborted) {
      try {
        await attempt();
      } catch (first) {
        letGo();
        const fault = await judge(first);
        if (fault !== undefined && !closing.signal.aborted) options.onError(fault);
      }
      await delay(BEAT_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  /** @returns what is to be told: nothing when it has been told, or when a new connection answers. */
  const judge = async (first: unknown): Promise<unknown> => {
    if (circuit.isOpen) return undefined;
    if (first instanceof NoAnswer) return away(first);
    if (!isAway(first)) return first;
    // A connection that was cut says nothing about the database; one that cannot be made again does.
    try {
      await attempt();
      return undefined;
    } catch (second) {
      letGo();
      return isAway(second) ? away(second) : second;
    }
  };
  const away = (cause: unknown) => {
    if (!closing.signal.aborted) circuit.open(cause);
    return cause;
  };
  return {
    start: () => void (running = run()),
    async close() {
      closing.abort();
      letGo();
      await running;
    },
  };
}

/** Without 53300, too many connections: the pool has the ones that it has. */
const isAway = (error: unknown) =>
  asUnavailable(error) instanceof DatabaseUnavailable && (error as { code?: unknown }).code !== '53300';

class NoAnswer extends DatabaseUnavailable {}

/** Gives up on what does not answer. A process that was itself held up reads what has come meanwhile before it judges. */
async function withPatience(work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let timer = setTimeout(() => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer for ${PATIENCE_MS} ms`)), 100);
  }, PATIENCE_MS);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

import type { Ask } from '../database/index.ts';
import {
  asLogRead,
  LOG_START,
  type LogPlace,
  type LogRead,
  type LogRow,
  readStatement,
} from './revocations.repo.ts';

/** How much of the log one look takes at most; what is left follows at once. */
const AT_ONCE = 1000;

/** What a look at the log brought. */
export interface Beat {
  /** What was not told before, in the order of the log. */
  fresh: readonly LogRow[];
  /** Everything before it has been read: nothing can be added there any more. */
  place: LogPlace;
  readAt: Date;
}

/**
 * Follows the revocation log: one look tells what is new since the one before.
 *
 * The place stays below the oldest running transaction, since the order of numbers is not the order of commits; what has been
 * committed above it is told at once, and once.
 */
export interface Follower {
  /** Takes a look, by whichever connection runs the statement. */
  look(ask: Ask): Promise<void>;
  /** Called after each look, also when it brought nothing. */
  onBeat(listener: (beat: Beat) => void): () => void;
}

export function createFollower(): Follower {
  const listeners = new Set<(beat: Beat) => void>();
  let place: LogPlace | undefined;
  let told = new Set<string>();

  const step = async (ask: Ask, after: LogPlace): Promise<LogRead> =>
    asLogRead(await ask(readStatement(after, null, AT_ONCE)));

  return {
    async look(ask) {
      // What happened before this process began is nothing that it could remember otherwise.
      if (place === undefined) {
        const { horizon } = await step(ask, { xid: '9223372036854775807', seq: '0' });
        place = { xid: horizon, seq: '0' };
      }
      const fresh: LogRow[] = [];
      const above = new Set<string>();
      let horizon: string | undefined;
      for (let at: LogPlace = place; ; ) {
        const read = await step(ask, at);
        // A database that is younger than the place was put back from a copy: what it holds is told from its beginning.
        if (BigInt(read.newest) < BigInt(place.xid)) {
          place = LOG_START;
          at = LOG_START;
          told = new Set();
          continue;
        }
        // The first look's horizon: what commits between two looks may lie before where the second begins.
        horizon ??= read.horizon;
        for (const row of read.rows) {
          if (!told.has(row.seq)) fresh.push(row);
          if (BigInt(row.xid) >= BigInt(horizon)) above.add(row.seq);
        }
        const last = read.rows.at(-1);
        if (read.rows.length < AT_ONCE || last === undefined) {
          place = { xid: horizon, seq: LOG_START.seq };
          told = above;
          for (const listener of listeners) listener({ fresh, place, readAt: read.readAt });
          return;
        }
        at = { xid: last.xid, seq: last.seq };
      }
    },
    onBeat(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

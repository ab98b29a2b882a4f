/** The one source of time. Tests replace it; nothing else calls `Date.now()` for a decision. */
export interface Clock {
  now(): Date;
}

/** The database's time, and what this machine's clock said before and after it was asked for. */
export interface TimeSample {
  sentAt: number;
  databaseTime: number;
  receivedAt: number;
}

/**
 * The database's time, told by this machine's clock: all processes of a deployment agree on what has expired and what came
 * first, whatever the clocks of their machines say (docs/adr/0042-the-clock-is-the-databases.md).
 */
export interface DatabaseClock extends Clock {
  /** Milliseconds that the machine's clock lacks. */
  readonly offset: number;
  observe(sample: TimeSample): void;
}

/** Beyond it somebody should look at the machine's clock. */
const TOLD_FROM_MS = 1000;

export function createDatabaseClock(onOff: (milliseconds: number) => void): DatabaseClock {
  let offset = 0;
  let told = 0;
  return {
    now: () => new Date(Date.now() + offset),
    get offset() {
      return offset;
    },
    observe({ sentAt, databaseTime, receivedAt }) {
      // The database looked at its clock somewhere between the two: what is possible already is left as it is.
      const [least, most] = [databaseTime - receivedAt, databaseTime - sentAt];
      if (offset >= least && offset <= most) return;
      offset = Math.round((least + most) / 2);
      if (Math.abs(offset - told) < TOLD_FROM_MS) return;
      told = offset;
      onOff(offset);
    },
  };
}

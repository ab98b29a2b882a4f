import type { Config } from '../../config/index.ts';
import type { Snapshot } from '../../platform/metrics/index.ts';

/** What the first process tells a worker. */
export type ToWorker =
  | {
      kind: 'prepare';
      /** Its number, from 1 on; the one that takes a dead one's place has the same. */
      worker: number;
      /** As the first process read it: a worker reads no settings and asks no secret manager. */
      config: Config;
      databaseUrl: string;
      mailboxKey: string;
    }
  | { kind: 'open' }
  /** The values of its metrics, under the number that the answer repeats. */
  | { kind: 'measure'; question: number }
  | { kind: 'close' };

/** What a worker answers. */
export type FromWorker =
  | { kind: 'prepared' }
  | { kind: 'opened'; lines: string[] }
  | { kind: 'measured'; question: number; values: Snapshot }
  /** It cannot start, and why, as it stands on the terminal. */
  | { kind: 'fault'; sentence: string };

/** What is counted while it happens. Where metrics are off, nothing is. */
export interface Counted {
  request(of: { method: string; route: string; status: number }, seconds: number): void;
  signIn(outcome: 'accepted' | 'failed' | 'locked' | 'locked_now' | 'client' | 'rules'): void;
  sessionOpened(): void;
  renewal(outcome: 'renewed' | 'replay' | 'replay again' | 'spent' | 'limited' | 'expired' | 'rules'): void;
  limitRefused(group: string): void;
  mail(outcome: 'delivered' | 'again' | 'given_up'): void;
  breachLookup(outcome: 'clear' | 'breached' | 'failed'): void;
}

/** Something that waits in the database, for all processes. */
export interface Backlog {
  count: number;
  oldest: Date | null;
}

/** What is looked at when somebody asks. */
export interface Observed {
  pool(): { busy: number; idle: number; waiting: number };
  isDatabaseAway(): boolean;
  hashing(): { done: number; busy: number; threads: number; waiting: number };
  /** Milliseconds. */
  watchAge(): number;
  outbox(): Promise<Backlog>;
  unsealed(): Promise<Backlog>;
  now(): Date;
}

/** The values of one process, as prom-client writes them down. */
export type Snapshot = object[];

export interface Metrics extends Counted {
  readonly isOn: boolean;
  observe(observed: Observed): void;
  snapshot(): Promise<Snapshot>;
  close(): void;
}

const nothing = () => undefined;

export const NO_METRICS: Metrics = {
  isOn: false,
  request: nothing,
  signIn: nothing,
  sessionOpened: nothing,
  renewal: nothing,
  limitRefused: nothing,
  mail: nothing,
  breachLookup: nothing,
  observe: nothing,
  snapshot: async () => [],
  close: nothing,
};

/** What a metric is, for Prometheus, for the sum over worker processes, and for docs/reference/metrics.md. */
export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** SECURITY: labels have few values, which no caller chooses, and never say who somebody is. */
  readonly labels: readonly string[];
  /** `max` where every process sees the same thing, or where the worst one counts. */
  readonly across: 'sum' | 'max';
}

const counter = (help: string, ...labels: string[]) =>
  ({ type: 'counter', help, labels, across: 'sum' }) as const;
const sum = (help: string, ...labels: string[]) => ({ type: 'gauge', help, labels, across: 'sum' }) as const;
const worst = (help: string, ...labels: string[]) =>
  ({ type: 'gauge', help, labels, across: 'max' }) as const;

export const METRICS = {
  gatehouse_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the request to the end of its answer, by route template (`none`: no route matched).',
    labels: ['method', 'route', 'status'],
    across: 'sum',
  },
  gatehouse_sign_ins_total: counter(
    'Sign-ins by password: `accepted`, `failed`, `locked_now` (the failure that locked), `locked`, `client` (right, by a client of another tenant), `rules` (right, against a rule of the tenant).',
    'outcome',
  ),
  gatehouse_sessions_opened_total: counter('Sessions that began, by whatever way in.'),
  gatehouse_renewals_total: counter(
    'Renewals: `renewed`, `replay` and `replay again` (the same answer again), `spent` (reuse: the family ended), `limited`, `expired`, `rules` (from a network that the tenant does not allow).',
    'outcome',
  ),
  gatehouse_limits_refused_total: counter(
    'Requests refused by a rate limit, by group of endpoints, `renewal` or `mail`.',
    'group',
  ),
  gatehouse_mails_total: counter(
    'Attempts to hand a mail over: `delivered`, `again`, `given_up`.',
    'outcome',
  ),
  gatehouse_breached_password_lookups_total: counter(
    'New passwords asked after at BREACHED_PASSWORDS_URL: `clear`, `breached` (refused), `failed` (no answer; let through).',
    'outcome',
  ),
  gatehouse_hashes_total: counter('Password hashes computed.'),
  gatehouse_hash_threads: sum('Threads that hash passwords, by `state`: `busy`, `free`.', 'state'),
  gatehouse_hash_queue: sum('Sign-ins that wait for a hash thread.'),
  gatehouse_database_connections: sum('Connections of the pools, by `state`: `busy`, `idle`.', 'state'),
  gatehouse_database_waiting: sum('Statements and transactions that wait for a connection.'),
  gatehouse_database_away: worst(
    '1 while the database does not answer and requests are refused (circuit open).',
  ),
  gatehouse_outbox_waiting: worst('Messages of the outbox that are not delivered yet.'),
  gatehouse_outbox_oldest_seconds: worst('Age of the oldest of them; 0 for none.'),
  gatehouse_audit_unsealed: worst('Audit records that wait for the sealer.'),
  gatehouse_audit_unsealed_oldest_seconds: worst('Age of the oldest of them; 0 for none.'),
  gatehouse_revocation_watch_age_seconds: worst(
    'Since a process last saw the whole revocation log; a session that ended may count there for so long.',
  ),
  gatehouse_event_loop_lag_seconds: worst(
    'By how much timers came late since the scrape before, of the worst process: `quantile` 0.5, 0.99 and 1.',
    'quantile',
  ),
  gatehouse_processes: sum('Processes that answer requests.'),
  gatehouse_process_resident_bytes: sum('Resident memory of these processes.'),
  gatehouse_process_cpu_seconds_total: counter('User and system time of these processes.'),
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof METRICS;

/** Seconds: from a session check to a sign-in that waited for a hash. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

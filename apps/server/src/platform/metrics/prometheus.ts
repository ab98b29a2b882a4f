import { monitorEventLoopDelay } from 'node:perf_hooks';
import prometheus from 'prom-client';
import { type Definition, DURATION_BUCKETS, METRICS, type MetricName } from './definitions.ts';
import type { Backlog, Metrics, Observed } from './metrics.ts';

const { Counter, Gauge, Histogram, Registry } = prometheus;
/** A database that is slow does not hold up the rest of the answer. */
const PATIENCE_MS = 1000;

/** The metrics of this process. Loaded only where they are on. */
export function createPrometheusMetrics(): Metrics {
  const registry = new Registry();
  const of = (name: MetricName) => {
    const { help, labels, across }: Definition = METRICS[name];
    return { name, help, labelNames: [...labels], aggregator: across, registers: [registry] };
  };
  const counter = (name: MetricName) => new Counter<string>(of(name));
  const gauge = (name: MetricName) => new Gauge<string>(of(name));

  const requests = new Histogram<string>({
    ...of('gatehouse_http_request_duration_seconds'),
    buckets: DURATION_BUCKETS,
  });
  const signIns = counter('gatehouse_sign_ins_total');
  const sessions = counter('gatehouse_sessions_opened_total');
  const renewals = counter('gatehouse_renewals_total');
  const refused = counter('gatehouse_limits_refused_total');
  const mails = counter('gatehouse_mails_total');
  const breachLookups = counter('gatehouse_breached_password_lookups_total');
  const hashes = counter('gatehouse_hashes_total');
  const hashThreads = gauge('gatehouse_hash_threads');
  const hashQueue = gauge('gatehouse_hash_queue');
  const connections = gauge('gatehouse_database_connections');
  const waiting = gauge('gatehouse_database_waiting');
  const away = gauge('gatehouse_database_away');
  const outbox = backlog(gauge('gatehouse_outbox_waiting'), gauge('gatehouse_outbox_oldest_seconds'));
  const unsealed = backlog(
    gauge('gatehouse_audit_unsealed'),
    gauge('gatehouse_audit_unsealed_oldest_seconds'),
  );
  const watchAge = gauge('gatehouse_revocation_watch_age_seconds');
  const lag = gauge('gatehouse_event_loop_lag_seconds');
  const processes = gauge('gatehouse_processes');
  const resident = gauge('gatehouse_process_resident_bytes');
  const cpu = counter('gatehouse_process_cpu_seconds_total');

  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  let observed: Observed | undefined;
  let before = { hashes: 0, cpu: 0 };

  const lookAtProcess = () => {
    processes.set(1);
    resident.set(process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    cpu.inc((user + system) / 1e6 - before.cpu);
    before = { ...before, cpu: (user + system) / 1e6 };
    for (const quantile of [0.5, 0.99, 1]) {
      // What it measures includes the interval itself.
      const late = (quantile === 1 ? loop.max : loop.percentile(quantile * 100)) / 1e9 - 0.01;
      lag.set({ quantile: String(quantile) }, loop.count === 0 ? 0 : Math.max(0, late));
    }
    loop.reset();
  };
  const lookAt = async (it: Observed) => {
    const { busy, idle, waiting: wait } = it.pool();
    connections.set({ state: 'busy' }, busy);
    connections.set({ state: 'idle' }, idle);
    waiting.set(wait);
    away.set(it.isDatabaseAway() ? 1 : 0);
    const hashing = it.hashing();
    hashes.inc(hashing.done - before.hashes);
    before = { ...before, hashes: hashing.done };
    hashThreads.set({ state: 'busy' }, hashing.busy);
    hashThreads.set({ state: 'free' }, hashing.threads - hashing.busy);
    hashQueue.set(hashing.waiting);
    watchAge.set(it.watchAge() / 1000);
    await Promise.all([outbox(it.outbox(), it.now), unsealed(it.unsealed(), it.now)]);
  };
  return {
    isOn: true,
    request: ({ method, route, status }, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    signIn: (outcome) => signIns.inc({ outcome }),
    sessionOpened: () => sessions.inc(),
    renewal: (outcome) => renewals.inc({ outcome }),
    limitRefused: (group) => refused.inc({ group }),
    mail: (outcome) => mails.inc({ outcome }),
    breachLookup: (outcome) => breachLookups.inc({ outcome }),
    observe: (it) => void (observed = it),
    async snapshot() {
      lookAtProcess();
      if (observed !== undefined) await lookAt(observed);
      return registry.getMetricsAsJSON();
    },
    close: () => void loop.disable(),
  };
}

/** What nobody can say, since the database is away, is not said: the series are missing. */
function backlog(count: prometheus.Gauge, age: prometheus.Gauge) {
  return async (asked: Promise<Backlog>, now: () => Date): Promise<void> => {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    const found = await Promise.race([asked.catch(() => undefined), late]);
    clearTimeout(timer);
    if (found === undefined) {
      count.remove();
      age.remove();
      return;
    }
    count.set(found.count);
    age.set(found.oldest === null ? 0 : Math.max(0, (now().getTime() - found.oldest.getTime()) / 1000));
  };
}

import prometheus from 'prom-client';
import type { Snapshot } from './metrics.ts';

const aggregate = (snapshots: readonly Snapshot[]) => prometheus.AggregatorRegistry.aggregate([...snapshots]);

/** The values of all processes as one page, in the text format that Prometheus reads. */
export const pageOf = (snapshots: readonly Snapshot[]): Promise<string> => aggregate(snapshots).metrics();

export const CONTENT_TYPE = prometheus.Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * What remains of processes that have ended: their counters. Without them the sum would fall when one is replaced, and
 * Prometheus would take everything that the others have ever counted for new.
 */
export async function remains(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  const counters = snapshots.map((snapshot) =>
    snapshot.filter((metric) => (metric as { type?: unknown }).type !== 'gauge'),
  );
  return aggregate(counters).getMetricsAsJSON();
}

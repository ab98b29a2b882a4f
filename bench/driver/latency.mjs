/** Percentiles in milliseconds by nearest rank. */
export function summarize(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share) =>
    sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

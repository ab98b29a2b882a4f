export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Ratios round by round, so that what slows the machine for a while slows both sides of a ratio. */
export function compareRounds(ours, theirs) {
  const ratios = ours.map((value, round) => value / theirs[round]);
  return { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios), rounds: ratios };
}

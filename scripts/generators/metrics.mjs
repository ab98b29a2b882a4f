// docs/reference/metrics.md: every metric, from the definitions that the server registers.
import { join } from 'node:path';
import { root } from '../bundled-node.mjs';

export default {
  name: 'metrics',
  output: 'docs/reference/metrics.md',
  async produce() {
    const { METRICS, DURATION_BUCKETS } = await import(
      join(root, 'apps/server/src/platform/metrics/definitions.ts')
    );
    const rows = Object.entries(METRICS).map(([name, { type, help, labels, across }]) => {
      const labelled = labels.map((label) => `\`${label}\``).join(', ') || '–';
      return `| \`${name}\` | ${type} | ${labelled} | ${across} | ${help} |`;
    });
    return [
      '# Metrics',
      '',
      'Generated from the definitions that the server registers (`npm run generate`). How to switch them on and who may read them:',
      '[observing a service](../guides/observing.md).',
      '',
      '*Across*: what one page says of several worker processes: their `sum`, or the `max`imum, where each sees the same thing or the',
      'worst one counts. No label says who somebody is or which tenant, and none has values that a caller could make up.',
      '',
      '| metric | type | labels | across | |',
      '|---|---|---|---|---|',
      ...rows,
      '',
      `Buckets of durations, in seconds: ${DURATION_BUCKETS.join(', ')}.`,
      '',
    ].join('\n');
  },
};

export { type Backlog, type Counted, type Metrics, NO_METRICS, type Snapshot } from './metrics.ts';

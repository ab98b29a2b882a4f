export { NO_TRACES, type TracePlace, type Traces } from './traces.ts';

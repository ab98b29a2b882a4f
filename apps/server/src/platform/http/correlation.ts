import { randomTraceId } from '../crypto/index.ts';

/** Where a request belongs (W3C Trace Context): in answers, logs, records, mail and traces the trace id is the correlation id. */
export interface Correlation {
  traceId: string;
  /** The caller's span; undefined where the trace begins here. */
  parentSpanId: string | undefined;
}

// Version, trace id, parent id, flags; a later version may have more behind them (§3.2, §4).
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;
const LONGEST = 256;

/**
 * The trace of a valid `traceparent`, or a new one. What does not fit in every part is as if it were not there: half a trace id
 * ties nothing together. Two of them are none, since nobody could say which counts.
 */
export function correlationOf(traceparent: string | string[] | undefined): Correlation {
  const found =
    typeof traceparent === 'string' && traceparent.length <= LONGEST ? TRACEPARENT.exec(traceparent) : null;
  const [, version, traceId = '', parentSpanId = '', more] = found ?? [];
  const isValid =
    version !== undefined &&
    version !== 'ff' &&
    (version !== '00' || more === undefined) &&
    !/^0+$/.test(traceId) &&
    !/^0+$/.test(parentSpanId);
  return isValid ? { traceId, parentSpanId } : { traceId: randomTraceId(), parentSpanId: undefined };
}

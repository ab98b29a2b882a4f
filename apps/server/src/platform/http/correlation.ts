import { randomTraceId } from '../crypto/index.ts';

// version 00, trace id, parent id, flags (W3C Trace Context §3.2)
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace id of a valid `traceparent`, or a new one: it ties answers, logs and audit records together. */
export function correlationIdOf(traceparent: string | string[] | undefined): string {
  const found = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return found !== undefined && !/^0+$/.test(found) ? found : randomTraceId();
}

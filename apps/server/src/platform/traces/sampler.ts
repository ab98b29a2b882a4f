import { type Context, TraceFlags, trace } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';

/** Whether a trace of this id that begins now is kept. */
type Draw = (traceId: string) => boolean;

const WINDOW_MS = 10 * 60_000;
const DIGITS = 6;

/**
 * Draws a share of the traces.
 *
 * SECURITY: the trace id is the caller's to choose. Nobody who does not have our key can tell which ids are kept, so that nobody can
 * stay out of the traces, or fill them; and whoever uses one id for everything is drawn again in the next window.
 *
 * @param mac keyed, the same in all processes: what one request of a trace is, the others are
 */
export function createDraw(
  percent: number,
  mac: (traceId: string, window: string) => Buffer,
  clock: Clock,
): Draw {
  if (percent >= 100) return () => true;
  if (percent <= 0) return () => false;
  const most = (percent / 100) * 2 ** (8 * DIGITS);
  return (traceId) => {
    const window = String(Math.floor(clock.now().getTime() / WINDOW_MS));
    return mac(traceId, window).readUIntBE(0, DIGITS) < most;
  };
}

/** What goes on, here or in a message that left a trace that is kept, is kept with it; what begins here is drawn. */
export const createSampler = (draw: Draw): Sampler => ({
  shouldSample(context: Context, traceId: string) {
    const parent = trace.getSpanContext(context);
    const isKept =
      parent === undefined || (parent.isRemote === true && !isSampled(parent.traceFlags))
        ? draw(traceId)
        : isSampled(parent.traceFlags);
    return { decision: isKept ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  },
  toString: () => 'KeyedShare',
});

const isSampled = (flags: number) => (flags & TraceFlags.SAMPLED) !== 0;

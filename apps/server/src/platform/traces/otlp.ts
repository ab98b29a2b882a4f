import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Clock } from '../clock.ts';
import { createDraw, createSampler } from './sampler.ts';
import { statementNameOf } from './statement-name.ts';
import type { Attributes, Traces } from './traces.ts';

const TOLD_EVERY_MS = 60_000;

/** Sends spans to an OpenTelemetry collector. Loaded only where there is one to send to. */
export function createOtlpTraces(options: {
  endpoint: string;
  headers: Record<string, string> | undefined;
  service: string;
  samplePercent: number;
  /** Keyed: by it the share is drawn. */
  mac(traceId: string, window: string): Buffer;
  clock: Clock;
  onError(error: Error): void;
}): Traces {
  const ids = createIds();
  const processor = new BatchSpanProcessor({
    exporter: telling(
      new OTLPTraceExporter({
        url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
        ...(options.headers && { headers: options.headers }),
        timeoutMillis: 5000,
        concurrencyLimit: 2,
      }),
      options.onError,
    ),
    scheduledDelayMillis: 1000,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    // Ours to say and nobody's who calls: a stranger's flag or id neither makes work nor hides what is done.
    sampler: createSampler(createDraw(options.samplePercent, options.mac, options.clock)),
    idGenerator: ids,
    spanLimits: { attributeCountLimit: 16, attributeValueLengthLimit: 200 },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('gatehouse');
  const running = new AsyncLocalStorage<Context>();

  const start = (name: string, kind: SpanKind, attributes: Attributes, within: Context) => {
    const span = tracer.startSpan(name, { kind, attributes }, within);
    return { span, context: trace.setSpan(within, span) };
  };
  const work = async <T>({ span, context }: { span: Span; context: Context }, run: () => Promise<T>) => {
    try {
      return await running.run(context, run);
    } catch (error) {
      // SECURITY: what kind of fault, and never its words: they repeat what somebody sent (addresses, keys, values).
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute('error.type', kindOf(error));
      throw error;
    } finally {
      span.end();
    }
  };
  const span = <T>(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    run: () => Promise<T>,
  ): Promise<T> => {
    const within = running.getStore();
    // What nobody asked for, the look at the log four times a second, makes no traces.
    return within === undefined ? run() : work(start(name, kind, attributes, within), run);
  };
  return {
    isOn: true,
    span: (name, attributes, run) => span(name, SpanKind.INTERNAL, attributes, run),
    statement(text, run) {
      if (running.getStore() === undefined) return run();
      const { operation, target } = statementNameOf(text);
      const attributes: Attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation };
      if (target !== undefined) attributes['db.collection.name'] = target;
      return span(
        target === undefined ? operation : `${operation} ${target}`,
        SpanKind.CLIENT,
        attributes,
        run,
      );
    },
    request({ method, traceId, parentSpanId }, run) {
      const attributes = { 'http.request.method': method };
      const begin = () =>
        start(
          method,
          SpanKind.SERVER,
          attributes,
          parentSpanId === undefined ? ROOT_CONTEXT : remote(traceId, parentSpanId, TraceFlags.NONE),
        );
      const begun = ids.forTrace(traceId, begin);
      running.run(begun.context, run);
      return {
        within: (more) => running.run(begun.context, more),
        end({ route, status }) {
          begun.span.updateName(`${method} ${route}`);
          begun.span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
          if (status >= 500) {
            begun.span.setStatus({ code: SpanStatusCode.ERROR });
            begun.span.setAttribute('error.type', String(status));
          }
          begun.span.end();
        },
      };
    },
    goOn(place, name, attributes, run) {
      if (place === undefined) return run();
      // There is a place where the trace is kept, and nowhere else.
      const within = remote(place.traceId, place.spanId, TraceFlags.SAMPLED);
      return work(start(name, SpanKind.CLIENT, attributes, within), run);
    },
    place() {
      const context = running.getStore();
      const found = context && trace.getSpan(context)?.spanContext();
      const isKept = found !== undefined && (found.traceFlags & TraceFlags.SAMPLED) !== 0;
      return isKept ? { traceId: found.traceId, spanId: found.spanId } : undefined;
    },
    close: () => provider.shutdown().catch(options.onError),
  };
}

/** Below a span elsewhere. A caller's only names it: whether its trace is kept is not for the caller to say. */
const remote = (traceId: string, spanId: string, traceFlags: TraceFlags): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });

const kindOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && /^[\w.]{1,40}$/.test(code)) return code;
  return error instanceof Error ? error.constructor.name : 'unknown';
};

/** Random ids, but for a request whose trace id is its correlation id. */
function createIds(): IdGenerator & { forTrace<T>(traceId: string, begin: () => T): T } {
  const random = new RandomIdGenerator();
  let wanted: string | undefined;
  return {
    generateTraceId: () => wanted ?? random.generateTraceId(),
    generateSpanId: () => random.generateSpanId(),
    forTrace(traceId, begin) {
      wanted = traceId;
      try {
        return begin();
      } finally {
        wanted = undefined;
      }
    },
  };
}

/** Tells that spans are lost, once a minute: a collector that is away must not fill the log. */
function telling(exporter: SpanExporter, onError: (error: Error) => void): SpanExporter {
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined && performance.now() - toldAt > TOLD_EVERY_MS) {
          toldAt = performance.now();
          onError(new Error('the trace collector takes no spans; they are dropped', { cause: result.error }));
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush && { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  };
}

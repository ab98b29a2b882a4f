import type { FastifyInstance } from 'fastify';
import { correlationOf } from '../http/correlation.ts';
import type { RequestSpan, Traces } from './traces.ts';

/** A span for each request, with everything that answers it inside. */
export function installTraces(app: FastifyInstance, traces: Traces): void {
  if (!traces.isOn) return;
  const spans = new WeakMap<object, RequestSpan>();
  app.addHook('onRequest', (request, _reply, done) => {
    const { parentSpanId } = correlationOf(request.raw.headers.traceparent);
    const start = { method: request.method, traceId: request.id, parentSpanId };
    spans.set(request.raw, traces.request(start, done));
  });
  // What comes after a body has been read runs in the socket's own context, not in the one of the hook before.
  app.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request.raw);
    if (span === undefined) done();
    else span.within(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    spans.get(request.raw)?.end({ route: request.routeOptions.url ?? 'none', status: reply.statusCode });
    done();
  });
}

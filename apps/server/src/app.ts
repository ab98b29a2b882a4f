import cookie from '@fastify/cookie';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import type { Config } from './config/index.ts';
import type { Deps } from './features/deps.ts';
import { installFeatures } from './features/install.ts';
import { notFoundPage } from './features/pages/index.ts';
import {
  asProblem,
  clientAddress,
  correlationOf,
  installErrorHandling,
  installJsonParser,
  installTransportCheck,
  installSerialization,
  installValidation,
  sendProblem,
} from './platform/http/index.ts';
import type { CallingPrincipal } from './platform/access/index.ts';
import type { ServerCertificate } from './platform/tls/index.ts';
import { installTraces } from './platform/traces/install.ts';
import { SECURITY_HEADERS, installSecurityHeaders } from './platform/http/security-headers.ts';

/**
 * The HTTP service: Logger → Recovery → limits → Authentication → Authorization → Handler (spec R6).
 *
 * Nothing is listened on yet; `app.inject()` answers already.
 */
export async function buildApp(
  deps: Deps,
  logger: FastifyBaseLogger,
  certificate?: ServerCertificate,
): Promise<FastifyInstance> {
  const { config } = deps;
  const app = fastify({
    // Null: plain HTTP. TLS 1.2 is the oldest that Node offers (RFC 9325 §3.1.1).
    https: certificate ? { cert: certificate.cert, key: certificate.key } : null,
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    genReqId: (raw) => correlationOf(raw.headers.traceparent).traceId,
    // A path that cannot be decoded reaches no route and no hook.
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply.headers(SECURITY_HEADERS), asProblem(error));
    },
    bodyLimit: config.bodyLimit,
    // SECURITY: one spelling of a path reaches one route: case, trailing and double slashes are not forgiven (threats 75, 76).
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: 200,
    },
    // Fastify's own reading of X-Forwarded-* is off; `clientAddress` is the only one.
    trustProxy: false,
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    return503OnClosing: true,
    exposeHeadRoutes: true,
  });
  installTraces(app, deps.traces);
  installErrorHandling(app, notFoundPage(deps.consoleDir));
  installJsonParser(app);
  installValidation(app);
  installSerialization(app);
  app.decorateRequest('clientAddress', '');
  app.addHook('onRequest', (request, _reply, done) => {
    request.clientAddress = clientAddress(request.raw, config.trustedProxies);
    done();
  });
  installSecurityHeaders(app, config);
  installTransportCheck(app, config);
  if (config.allowOrigins.length > 0) await app.register(cors, crossOrigin(config));
  await app.register(cookie);
  app.addHook('onResponse', (request, reply, done) => {
    const { elapsedTime, statusCode: status } = reply;
    request.log.info(logLine(request, status, elapsedTime), 'request');
    deps.metrics.request({ method: request.method, route: routeOf(request), status }, elapsedTime / 1000);
    done();
  });
  await installFeatures(app, deps);
  return app;
}

const routeOf = (request: FastifyRequest) => request.routeOptions.url ?? 'none';

// SECURITY: the route's pattern and never the URL, whose query may hold what does not belong in a log.
const logLine = (request: FastifyRequest, status: number, elapsed: number) => ({
  method: request.method,
  route: routeOf(request),
  status,
  ms: Math.round(elapsed * 10) / 10,
  tenantId: request.principal?.tenantId,
  ...(request.principal && callerInLog(request.principal)),
});

const callerInLog = (principal: CallingPrincipal) =>
  principal.kind === 'user' ? { userId: principal.userId } : { [principal.kind]: principal.principalId };

/** For front ends on other hosts: an explicit list, with credentials (spec D3). Without one there is no CORS at all. */
const crossOrigin = ({ allowOrigins }: Config): FastifyCorsOptions => ({
  origin: allowOrigins,
  credentials: true,
  methods: ['GET', 'POST', 'PATCH', 'DELETE'],
  allowedHeaders: ['authorization', 'content-type', 'traceparent', 'x-csrf-token', 'x-gatehouse-client'],
  exposedHeaders: [
    'x-csrf-token',
    'retry-after',
    'ratelimit-limit',
    'ratelimit-remaining',
    'ratelimit-reset',
  ],
  maxAge: 600,
});

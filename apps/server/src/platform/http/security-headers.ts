import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/index.ts';

/** Of every answer, whatever it is (spec D3). Pages put a Content-Security-Policy of their own in place of this one. */
export const SECURITY_HEADERS = {
  // An API answer is never a document: nothing may load from it or frame it.
  'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
  // Answers speak of people: what may be kept says so itself.
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Two years, as the preload lists ask for (RFC 6797). Only once the deployment is reached over HTTPS. */
const HSTS = { 'strict-transport-security': 'max-age=63072000; includeSubDomains' };

/** One table set by one hook: a middleware for each header costs more than a session check. */
export function installSecurityHeaders(app: FastifyInstance, config: Config): void {
  const headers = {
    ...SECURITY_HEADERS,
    'cross-origin-resource-policy': config.allowOrigins.length > 0 ? 'cross-origin' : 'same-origin',
    ...(config.publicUrl.startsWith('https://') && HSTS),
  };
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}

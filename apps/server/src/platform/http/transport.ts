import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Config, endsTls, isWithin } from '../../config/index.ts';
import { Problem } from './problem.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * In production, behind a proxy that ends TLS: takes requests from that proxy only, and none of which the proxy says that it
 * came over plain HTTP (spec D7).
 *
 * SECURITY: whoever finds the plain port beside the proxy would sign in over it in the clear, past the proxy's own rules. Probes
 * may come from elsewhere: what they ask carries nothing.
 */
export function installTransportCheck(app: FastifyInstance, config: Config): void {
  if (config.mode !== 'production' || endsTls(config)) return;
  const proxies = [...LOOPBACK, ...config.trustedProxies];
  const known = new WeakMap<Socket, boolean>();
  const isProxy = (socket: Socket) => {
    let found = known.get(socket);
    if (found === undefined) known.set(socket, (found = isWithin(socket.remoteAddress ?? '', proxies)));
    return found;
  };
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.url?.startsWith('/health/') === true) return done();
    const { 'x-forwarded-proto': proto } = request.headers;
    if (isProxy(request.raw.socket) && (proto === undefined || lastOf(proto) === 'https')) return done();
    done(
      new Problem('transport.insecure', {
        detail: `Use ${config.publicUrl}. This port takes requests only from the proxy that ends TLS in front of it (TRUSTED_PROXIES).`,
      }),
    );
  });
}

// The hop nearest to us wrote the last one.
const lastOf = (header: string | string[]) =>
  [header].flat().join(',').split(',').at(-1)?.trim().toLowerCase();

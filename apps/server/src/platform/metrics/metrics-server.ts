import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isSameSecret } from '../crypto/seal.ts';
import type { Snapshot } from './metrics.ts';
import { CONTENT_TYPE, pageOf } from './sum.ts';

export interface MetricsServer {
  /** The port, where any was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/metrics` on a port of its own, and nothing else there.
 *
 * SECURITY: never on the port that the world reaches: what it says of load and failures is for the operator. Beyond the machine
 * itself it needs a token, and the settings refuse it without one.
 */
export async function startMetricsServer(options: {
  port: number;
  host: string;
  token: string | undefined;
  read(): Promise<readonly Snapshot[]>;
  onError(error: unknown): void;
}): Promise<MetricsServer> {
  const { token, read } = options;
  const answer = async (request: IncomingMessage, reply: ServerResponse) => {
    if (token !== undefined && !isSameSecret(bearerOf(request), Buffer.from(token)))
      return send(reply, 401, 'A bearer token is needed: METRICS_TOKEN.\n', {
        'www-authenticate': 'Bearer realm="metrics"',
      });
    if (request.url?.split('?', 1)[0] !== '/metrics') return send(reply, 404, 'There is /metrics.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(reply, 405, 'Only GET.\n', { allow: 'GET, HEAD' });
    const page = await pageOf(await read());
    send(reply, 200, request.method === 'HEAD' ? '' : page, { 'content-type': CONTENT_TYPE });
  };
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 65_000 }, (request, reply) => {
    // What comes with it is not read.
    request.resume();
    answer(request, reply).catch((error: unknown) => {
      options.onError(error);
      send(reply, 500, 'The metrics cannot be read; the log says why.\n');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const bearerOf = ({ headers }: IncomingMessage): Buffer =>
  Buffer.from(/^Bearer ([\x21-\x7e]{1,500})$/i.exec(headers.authorization ?? '')?.[1] ?? '');

function send(
  reply: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  reply.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  reply.end(body);
}

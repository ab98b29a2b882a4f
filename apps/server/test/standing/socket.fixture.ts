import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface RawAnswer {
  /** 0 when the server closed the connection without an answer. */
  status: number;
  head: string;
  body: string;
}

/** Listens on a free port of the machine itself; resolves to that port. */
export async function listenAnywhere(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * Sends bytes as they stand over a socket, one request a connection: no client library mends what an attacker would not.
 * With `meanwhile`, the last byte is held back until that is over.
 */
export function sendRaw(
  port: number,
  request: string | Buffer,
  meanwhile?: () => Promise<void>,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(request);
    const socket = connect(port, '127.0.0.1', () => {
      if (meanwhile === undefined) {
        socket.write(bytes);
        return;
      }
      socket.write(bytes.subarray(0, -1));
      meanwhile().then(
        () => socket.write(bytes.subarray(-1)),
        (error: unknown) => socket.destroy(error as Error),
      );
    });
    const chunks: Buffer[] = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within ten seconds')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      // The server may hang up on what it does not want to read to its end.
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(parse(chunks)) : reject(error),
    );
    socket.on('close', () => resolve(parse(chunks)));
  });
}

/** A request's text: the target exactly as given, and `Connection: close` so that the answer ends. */
export const requestText = (
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body = '',
): string =>
  [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    '',
    body,
  ].join('\r\n');

function parse(chunks: Buffer[]): RawAnswer {
  const text = Buffer.concat(chunks).toString('utf8');
  const end = text.indexOf('\r\n\r\n');
  const head = end === -1 ? text : text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end === -1 ? '' : text.slice(end + 4),
  };
}

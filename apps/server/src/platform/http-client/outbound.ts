import { lookup as systemLookup } from 'node:dns/promises';
import type http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';
import { asHttpError, HttpError } from './http-client.ts';

/** Speaks to services that a tenant named, and that may therefore be anything. */
export interface Outbound {
  /**
   * One request over https. No redirect is followed; an answer is a megabyte at most, and whole within ten seconds.
   *
   * @throws {HttpError}
   */
  fetch(url: string, options?: OutboundRequest): Promise<Response>;
}

export interface OutboundRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface Reach {
  /** All addresses of a host. */
  resolve(host: string): Promise<{ address: string; family: number }[]>;
  isAllowed(address: string): boolean;
  /** How a connection is made. */
  transport: typeof https | typeof http;
  timeoutMs: number;
}

const PUBLIC: Reach = {
  resolve: (host) => systemLookup(host, { all: true, order: 'verbatim' }),
  isAllowed: isPublicAddress,
  transport: https,
  timeoutMs: 10_000,
};
const MAX_BYTES = 1_048_576;

/**
 * @param reach what the tests of this very file put in place of the public internet, and nobody else.
 *
 * SECURITY: a name is resolved once, every address that it has must be public, and the connection goes to one of those that were
 * judged: a second look-up could find another (DNS rebinding, threat 64).
 */
export function createOutbound(reach: Reach = PUBLIC): Outbound {
  return {
    async fetch(text, options = {}) {
      const url = URL.parse(text);
      if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '')
        throw new HttpError(
          'refused',
          new Error('only https:// addresses without a user part are spoken to'),
        );
      const deadline = AbortSignal.timeout(reach.timeoutMs);
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const addresses = await withDeadline(reach.resolve(host), deadline);
      if (addresses.length === 0 || !addresses.every(({ address }) => reach.isAllowed(address)))
        throw new HttpError('refused', new Error(`${host} is not an address of the public internet`));
      return request(url, options, { ...reach, addresses, deadline });
    },
  };
}

async function withDeadline<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(new HttpError('timeout', deadline.reason)), {
      once: true,
    });
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError('unreachable', error);
  }
}

interface Pinned extends Reach {
  addresses: readonly { address: string; family: number }[];
  deadline: AbortSignal;
}

function request(
  url: URL,
  options: OutboundRequest,
  { transport, addresses, deadline }: Pinned,
): Promise<Response> {
  // Node asks for all or for one, and is told what was judged.
  const lookup: LookupFunction = (_host, how, tell) => {
    if (how.all === true) tell(null, [...addresses]);
    else tell(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
  };
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = transport.request(url, {
      method,
      agent: false,
      lookup,
      signal: deadline,
      headers: {
        ...headers,
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      },
    });
    outgoing.on('error', (error) => reject(asHttpError(error)));
    outgoing.on('response', (incoming) => {
      collect(incoming).then(resolve, (error: unknown) => {
        outgoing.destroy();
        reject(asHttpError(error as Error));
      });
    });
    outgoing.end(body);
  });
}

async function collect(incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new HttpError('too-large');
    chunks.push(chunk);
  }
  const status = incoming.statusCode ?? 0;
  // SECURITY: where a redirect leads was not judged; nothing of it is handed on.
  if (status < 200 || (status >= 300 && status < 400))
    throw new HttpError('refused', new Error(`status ${status}`));
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, Array.isArray(value) ? value.join(', ') : (value ?? ''));
  return new Response(status === 204 || status === 205 ? null : Buffer.concat(chunks), { status, headers });
}

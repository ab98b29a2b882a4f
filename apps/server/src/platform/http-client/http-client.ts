import http from 'node:http';
import https from 'node:https';

/** Why there is no answer. */
export type HttpFault = 'refused' | 'unreachable' | 'timeout' | 'certificate' | 'not-json' | 'too-large';

export class HttpError extends Error {
  readonly fault: HttpFault;
  constructor(fault: HttpFault, cause?: unknown) {
    super(fault, { cause });
    this.fault = fault;
  }
}

export interface TextRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs: number;
  /** PEM of the authorities to believe instead of those of the system. */
  ca?: string;
}

export type JsonRequest = Omit<TextRequest, 'body'> & { body?: unknown };

const MAX_BYTES = 1_048_576;

/**
 * Asks a service that the *operator* named in the settings, wherever it is. No redirect is followed, and an answer is a megabyte
 * at most.
 *
 * SECURITY: not for addresses that anybody else can write (webhooks, metadata of identity providers): those must not reach
 * inside networks, and this goes wherever it is told (SSRF).
 *
 * @throws {HttpError}
 */
export function requestTextOfOperator(request: TextRequest): Promise<{ status: number; text: string }> {
  const { url, method, timeoutMs, ca } = request;
  const sent = request.body === undefined ? undefined : Buffer.from(request.body);
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      agent: false,
      headers: { ...(sent && { 'content-length': String(sent.length) }), ...request.headers },
      // For the whole of it: a server that sends a byte now and then must not hold a start for ever.
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca !== undefined && { ca }),
    });
    outgoing.on('error', (error) => reject(asHttpError(error)));
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('error', (error) => reject(asHttpError(error)));
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= MAX_BYTES) return;
        outgoing.destroy();
        reject(new HttpError('too-large'));
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.end(sent);
  });
}

/** The same, of a service that answers JSON. @throws {HttpError} */
export async function requestJsonOfOperator(
  request: JsonRequest,
): Promise<{ status: number; body: unknown }> {
  const { body: sent, ...rest } = request;
  const { status, text } = await requestTextOfOperator({
    ...rest,
    headers: {
      accept: 'application/json',
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(sent !== undefined && { body: JSON.stringify(sent) }),
  });
  return { status, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    throw new HttpError('not-json', error);
  }
}

export function asHttpError(error: Error): HttpError {
  if (error instanceof HttpError) return error;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return new HttpError('timeout', error);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new HttpError(/CERT|SSL|TLS|SELF_SIGNED|VERIFY/.test(code) ? 'certificate' : 'unreachable', error);
}

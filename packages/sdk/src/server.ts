/** What the SDK asks Gatehouse, by `fetch` alone. */
export interface GatehouseServer {
  /** @throws ServerAnswer when it is not 200, or TypeError and the like when there is no answer in time. */
  getJson<T>(path: string, token?: string): Promise<T>;
  /** @throws as `getJson`. */
  postForm<T>(path: string, form: URLSearchParams, token: string): Promise<T>;
  /** A text that is signed, with its `ETag`; undefined when it is still the one of `etag` (RFC 9110 §13.1.2). */
  getText(
    path: string,
    token: string,
    etag: string | undefined,
  ): Promise<{ text: string; etag: string } | undefined>;
  /** The answer as it stands, its body unread; without a time limit of its own. */
  send(path: string, init: RequestInit): Promise<Response>;
}

/** An answer that is none of those that were asked for. */
export class ServerAnswer extends Error {
  override readonly name = 'ServerAnswer';
  readonly status: number;
  /** Milliseconds, from `Retry-After` in seconds. */
  readonly retryAfter: number | undefined;

  constructor(response: Response) {
    super(`Gatehouse answered ${response.status}`);
    this.status = response.status;
    const seconds = Number(response.headers.get('retry-after') ?? '');
    this.retryAfter = seconds > 0 && seconds <= 60 ? seconds * 1000 : undefined;
  }
}

/** Bytes: more than any answer that is asked for has. */
const MOST = 32 * 1024 * 1024;

/** @param timeout - milliseconds for a whole answer. */
export function reachServer(
  base: string,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  timeout: number,
): GatehouseServer {
  // SECURITY: a redirect would carry the token elsewhere, or bring keys from elsewhere.
  const send = (path: string, init: RequestInit) => fetch(`${base}${path}`, { ...init, redirect: 'error' });
  return {
    send,
    async postForm<T>(path: string, form: URLSearchParams, token: string): Promise<T> {
      const response = await send(path, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${token}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: form.toString(),
        signal: AbortSignal.timeout(timeout),
      });
      return readJson<T>(response);
    },
    async getText(path, token, etag) {
      const response = await send(path, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(etag !== undefined && etag !== '' && { 'if-none-match': etag }),
        },
        signal: AbortSignal.timeout(timeout),
      });
      if (response.status === 304) return undefined;
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new ServerAnswer(response);
      }
      const text = await response.text();
      if (text.length > MOST) throw new RangeError('the answer is too long');
      return { text, etag: response.headers.get('etag') ?? '' };
    },
    async getJson<T>(path: string, token?: string): Promise<T> {
      const response = await send(path, {
        headers: {
          accept: 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        signal: AbortSignal.timeout(timeout),
      });
      return readJson<T>(response);
    },
  };
}

async function readJson<T>(response: Response): Promise<T> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new ServerAnswer(response);
  }
  const text = await response.text();
  if (text.length > MOST) throw new RangeError('the answer is too long');
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new TypeError('the answer is no JSON object');
  return value as T;
}

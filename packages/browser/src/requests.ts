import type { Credentials } from './tabs.ts';

export type TokenMode = 'cookie' | 'bearer';

export interface RequestOptions {
  readonly baseUrl: URL;
  readonly client: string;
  readonly tokenMode: TokenMode;
  readonly pageOrigin: string | undefined;
  readonly origins: ReadonlySet<string>;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The address that a request goes to, if it may carry the session.
 *
 * SECURITY: a token or CSRF header sent to another origin is a token given away, so an unlisted origin is an error
 * here and not a request without credentials that works by luck.
 *
 * @throws TypeError for an origin that is neither `baseUrl`'s nor listed in `origins`.
 */
export function checkTarget(input: RequestInfo | URL, options: RequestOptions): URL {
  const url = new URL(input instanceof Request ? input.url : input, options.baseUrl);
  if (options.origins.has(url.origin)) return url;
  throw new TypeError(
    `gatehouse.fetch carries the session only to ${[...options.origins].join(', ')}, not to ${url.origin}. ` +
      'List the origin in `origins`, or use the plain fetch.',
  );
}

/** The same request with what the server asks of this client: client name, CSRF token or bearer token. */
export function withSession(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  credentials: Credentials,
  options: RequestOptions,
): RequestInit {
  const given = input instanceof Request ? input : undefined;
  const method = (init?.method ?? given?.method ?? 'GET').toUpperCase();
  const headers = new Headers(init?.headers ?? given?.headers);
  if (options.tokenMode === 'bearer') {
    if (credentials.accessToken) headers.set('authorization', `Bearer ${credentials.accessToken}`);
    return { ...init, headers };
  }
  headers.set('x-gatehouse-client', options.client);
  if (!safeMethods.has(method) && credentials.csrfToken) headers.set('x-csrf-token', credentials.csrfToken);
  return { ...init, headers, credentials: cookiePolicy(options) };
}

/** Cookies cross origins only when the server lives on another one than the page. */
export function cookiePolicy(options: RequestOptions): RequestCredentials {
  return options.pageOrigin === options.baseUrl.origin ? 'same-origin' : 'include';
}

/**
 * Whether a request can be sent a second time with the same meaning. A stream is used up by the first time; holding a
 * copy of it back would mean to hold a whole upload in memory.
 */
export function isRepeatable(input: RequestInfo | URL, init: RequestInit | undefined): boolean {
  if (init?.body instanceof ReadableStream) return false;
  return init?.body != null || !(input instanceof Request) || input.body === null;
}

import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

/** An answer, with its body read. */
export interface Answer {
  status: number;
  headers: LightMyRequestResponse['headers'];
  text: string;
  /** The body as JSON; tests name what they expect of it. */
  body: Record<string, unknown>;
  cookies: LightMyRequestResponse['cookies'];
}

export interface TestBrowser {
  /** Cookies by name, as a browser keeps them for this host. */
  cookies: Map<string, string>;
  csrf: string | undefined;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(url: string, headers?: Record<string, string>): Promise<Answer>;
  request(options: InjectOptions): Promise<Answer>;
  /** The same cookies in a second jar: a second tab, or a thief. */
  clone(): TestBrowser;
}

interface Options {
  origin: string | undefined;
  userAgent?: string;
  /** As a trusted proxy would report it. */
  ip?: string;
}

/** A browser as far as HTTP goes: it keeps cookies and the CSRF token, and names its origin on what changes something. */
export function createBrowser(
  app: FastifyInstance,
  options: Options,
  from?: { cookies: Map<string, string>; csrf: string | undefined },
): TestBrowser {
  const cookies = new Map(from?.cookies);
  const browser: TestBrowser = {
    cookies,
    csrf: from?.csrf,
    get: (url, headers = {}) => browser.request({ method: 'GET', url, headers }),
    post: (url, body = {}, headers = {}) =>
      browser.request({ method: 'POST', url, headers, payload: body as object }),
    patch: (url, body = {}, headers = {}) =>
      browser.request({ method: 'PATCH', url, headers, payload: body as object }),
    delete: (url, headers = {}) => browser.request({ method: 'DELETE', url, headers }),
    async request(request) {
      const changes = request.method !== 'GET' && request.method !== 'HEAD';
      const url = typeof request.url === 'string' ? request.url : '';
      const response = await app.inject({
        ...request,
        headers: {
          'user-agent': options.userAgent ?? 'Test browser',
          ...(cookies.size > 0 && { cookie: cookieHeader(cookies, url) }),
          ...(changes && options.origin !== undefined && { origin: options.origin }),
          ...(changes && browser.csrf !== undefined && { 'x-csrf-token': browser.csrf }),
          ...(options.ip !== undefined && { 'x-forwarded-for': options.ip }),
          ...request.headers,
        },
      });
      for (const cookie of response.cookies) {
        if (cookie.maxAge === 0) cookies.delete(cookie.name);
        else cookies.set(cookie.name, cookie.value);
      }
      const csrf = response.headers['x-csrf-token'];
      if (typeof csrf === 'string') browser.csrf = csrf;
      return {
        status: response.statusCode,
        headers: response.headers,
        text: response.body,
        body: parse(response.body),
        cookies: response.cookies,
      };
    },
    clone: () => createBrowser(app, options, browser),
  };
  return browser;
}

const cookieHeader = (cookies: Map<string, string>, url: string) =>
  [...cookies]
    .filter(([name]) => !name.endsWith('.rt') || url.startsWith('/api/v1/auth'))
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');

function parse(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body'];
  } catch {
    return {};
  }
}

import type { Environment } from './environment.ts';
import { cookiePolicy, type RequestOptions } from './requests.ts';
import { readStepUp } from './step-up.ts';
import { type Because, type Credentials, openTabs } from './tabs.ts';

export type Renewal =
  | { readonly kind: 'renewed' }
  | { readonly kind: 'gone' }
  /** The server could not say: a 503, a limit. Each waiting request gets an answer of its own to read. */
  | { readonly kind: 'unavailable'; readonly answer: () => Response };

export interface Session {
  known(): Credentials;
  /** Takes up the CSRF token that an answer hands out. */
  observe(response: Response): void;
  /** Renews, unless something newer than `failed` is known already, here or in another tab. */
  renew(failed: Credentials): Promise<Renewal>;
  /** Posts without a session. */
  post(path: string, body: Record<string, unknown>): Promise<Response>;
  /** Runs an entry (sign-in, confirmation) and takes up what it hands out, if that is a session yet. */
  enter(path: string, body: Record<string, unknown>): Promise<Response>;
  /** Runs a change that goes on in a session of a new id, and takes up what it hands out. */
  rotate(path: string, body: Record<string, unknown>): Promise<Response>;
  /** Ends the session on the server. */
  leave(): Promise<Response>;
  close(): void;
}

interface SessionOptions {
  readonly environment: Environment;
  readonly request: RequestOptions;
  readonly onChange: (because: Because, where: 'here' | 'elsewhere') => void;
}

export function openSession({ environment, request, onChange }: SessionOptions): Session {
  let credentials: Credentials = { at: 0, session: 'unknown', csrfToken: null, accessToken: null };
  let renewing: Promise<Renewal> | undefined;

  const tabs = openTabs({
    name: `gatehouse:${request.baseUrl.origin}:${request.client}`,
    environment,
    known: () => credentials,
    onTold: (told, because) => {
      if (told.at <= credentials.at) return;
      credentials = told;
      onChange(because, 'elsewhere');
    },
  });

  function take(news: Omit<Credentials, 'at'>, because: Because): void {
    credentials = { ...news, at: Math.max(environment.now(), credentials.at + 1) };
    tabs.tell(credentials, because);
    onChange(because, 'here');
  }

  function post(
    path: string,
    body: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<Response> {
    return environment.fetch(new URL(path, request.baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-gatehouse-client': request.client, ...headers },
      body: JSON.stringify(body),
      credentials: cookiePolicy(request),
    });
  }

  /** Takes up a login-shaped answer. One that asks for a second factor hands out nothing. */
  async function takeEntry(response: Response, because: Because): Promise<void> {
    const csrfToken = response.headers.get('x-csrf-token');
    const body: unknown = await response.clone().json();
    if (!(body as { user?: unknown } | null)?.user) return;
    take({ session: 'live', csrfToken, accessToken: readAccessToken(body) }, because);
  }

  /** One renewal. The caller holds the lock. */
  async function renewAlone(): Promise<Renewal> {
    const response = await post('/api/v1/auth/refresh', { client: request.client });
    if (response.ok) {
      await takeEntry(response, 'renewed');
      return { kind: 'renewed' };
    }
    if (response.status === 401) {
      take(nothing, 'expired');
      return { kind: 'gone' };
    }
    return { kind: 'unavailable', answer: await keepAnswer(response) };
  }

  /** Posts with the session, renewed where it has to be. The caller holds the lock. */
  async function postSignedIn(path: string, body: Record<string, unknown>): Promise<Response> {
    const send = (): Promise<Response> =>
      post(path, body, {
        ...(credentials.csrfToken && { 'x-csrf-token': credentials.csrfToken }),
        ...(credentials.accessToken && { authorization: `Bearer ${credentials.accessToken}` }),
      });
    const response = await send();
    if (response.status !== 401 || (await readStepUp(response))) return response;
    const renewal = await renewAlone();
    if (renewal.kind === 'gone') return response;
    return renewal.kind === 'renewed' ? send() : renewal.answer();
  }

  function whatIsNewer(failed: Credentials): Renewal | undefined {
    if (credentials.at <= failed.at || credentials.session === 'unknown') return undefined;
    return credentials.session === 'live' ? { kind: 'renewed' } : { kind: 'gone' };
  }

  async function askOthers(): Promise<void> {
    const told = await tabs.askOthers();
    if (told && told.at > credentials.at) credentials = told;
  }

  return {
    known: () => credentials,
    observe: (response) => {
      const csrfToken = response.headers.get('x-csrf-token');
      if (csrfToken && csrfToken !== credentials.csrfToken) credentials = { ...credentials, csrfToken };
    },
    renew: async (failed) => {
      const newer = whatIsNewer(failed);
      if (newer) return newer;
      renewing ??= tabs
        .alone(async () => {
          await askOthers();
          return whatIsNewer(failed) ?? renewAlone();
        })
        .finally(() => (renewing = undefined));
      return renewing;
    },
    post: (path, body) => post(path, { ...body, client: request.client }),
    // Under the same lock as a renewal: an answer of the old session must not overwrite the cookies of the new one.
    enter: (path, body) =>
      tabs.alone(async () => {
        const response = await post(path, { ...body, client: request.client });
        if (response.ok) await takeEntry(response, 'signed-in');
        return response;
      }),
    // Under the lock, too: a renewal by the old session, sent meanwhile, would come back as its end.
    rotate: (path, body) =>
      tabs.alone(async () => {
        await askOthers();
        const response = await postSignedIn(path, body);
        if (response.ok) await takeEntry(response, 'signed-in');
        return response;
      }),
    leave: () =>
      tabs.alone(async () => {
        const response = await postSignedIn('/api/v1/auth/logout', { client: request.client });
        if (response.ok) take(nothing, 'signed-out');
        return response;
      }),
    close: () => tabs.close(),
  };
}

const nothing = { session: 'gone', csrfToken: null, accessToken: null } as const;

function readAccessToken(body: unknown): string | null {
  const token = (body as { access_token?: unknown } | null)?.access_token;
  return typeof token === 'string' ? token : null;
}

async function keepAnswer(response: Response): Promise<() => Response> {
  const body = await response.text();
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  return () => new Response(body, { status, statusText, headers });
}

import { browserEnvironment, type Environment } from './environment.ts';
import type {
  Me,
  PasswordChange,
  RegistrationConfirmation,
  SignInCredentials,
  SignInState,
} from './messages.ts';
import { ProblemError, readProblem } from './problem.ts';
import { checkTarget, isRepeatable, type RequestOptions, type TokenMode, withSession } from './requests.ts';
import { openSession } from './session.ts';
import type { Because } from './tabs.ts';

export interface GatehouseOptions {
  /** Where Gatehouse answers; the page's own origin unless told. */
  readonly baseUrl?: string;
  /** The client id of this app, which is also its cookie namespace. Default: `console`. */
  readonly client?: string;
  /** The client's setting: tokens in HttpOnly cookies, or the access token in `Authorization: Bearer`. */
  readonly tokenMode: TokenMode;
  /** Further origins that may receive the session, such as the API behind a gateway. */
  readonly origins?: readonly string[];
  /** Parts of the browser to replace, for tests. */
  readonly environment?: Partial<Environment>;
}

export interface Gatehouse {
  getState(): SignInState;
  /** Calls back after each change of the state; answers how to stop. Fits React's `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void;
  /**
   * Restores the session after a load or reload. Never throws: a server that cannot be asked is the state
   * `unreachable`, and it is asked again when it said so or when the network is back.
   */
  start(): Promise<SignInState>;
  /**
   * `fetch` with the session: adds the client's headers, and on a 401 renews once for all waiting requests of all
   * tabs and repeats the request, once. A request whose body is a stream is not repeated. When the server cannot
   * renew at the moment its answer (503 with `Retry-After`) is handed on: the person stays signed in.
   *
   * @throws TypeError when the network is lost, or when the target is not an origin that may have the session.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Signs in. @throws ProblemError with the server's code, for example `auth.invalid_credentials`. */
  signIn(credentials: SignInCredentials): Promise<Me>;
  /** Completes a registration by the link from the mail and signs in. @throws ProblemError */
  confirmRegistration(confirmation: RegistrationConfirmation): Promise<Me>;
  /**
   * Changes the password of whoever is signed in. All other sessions end; this one goes on, in all tabs, under a new id.
   *
   * @throws ProblemError, for example `password.current_wrong`, `password.too_weak`; TypeError when the network is lost
   */
  changePassword(change: PasswordChange): Promise<Me>;
  /**
   * Goes on in another tenant that the person belongs to, in all tabs, under a new id of the session.
   *
   * @throws ProblemError, for example `resource.not_found` where the person is no active member; TypeError when the network is lost
   */
  switchTenant(tenantId: string): Promise<Me>;
  /** Ends the session on the server and in all tabs. @throws ProblemError, TypeError: it is then still open. */
  signOut(): Promise<void>;
  /** Reads `me` again, for example after a change of roles. @throws ProblemError, TypeError */
  reload(): Promise<Me>;
  /** Lets go of locks, channel and listeners. */
  stop(): void;
}

/**
 * Opens the sign-in state of a page.
 *
 * @example A single-page app on the same origin
 * ```ts
 * const gatehouse = createGatehouse({ client: 'console', tokenMode: 'cookie' });
 * gatehouse.subscribe(() => render(gatehouse.getState()));
 * await gatehouse.start();
 * const users = await gatehouse.fetch('/api/v1/users');
 * ```
 * @example An app on another origin, with bearer tokens
 * ```ts
 * const gatehouse = createGatehouse({
 *   baseUrl: 'https://id.example.com',
 *   client: 'portal',
 *   tokenMode: 'bearer',
 *   origins: ['https://api.example.com'],
 * });
 * ```
 */
export function createGatehouse(options: GatehouseOptions): Gatehouse {
  const environment: Environment = { ...browserEnvironment(), ...options.environment };
  const request = readOptions(options, environment);
  const listeners = new Set<() => void>();
  let state: SignInState = { status: 'starting' };
  let starting: Promise<SignInState> | undefined;
  let stopped = false;

  const session = openSession({ environment, request, onChange: follow });
  const stopListening = environment.onOnline(() => {
    if (state.status === 'unreachable') void start();
  });

  function become(next: SignInState): SignInState {
    state = next;
    for (const listener of listeners) listener();
    return next;
  }

  /** What another tab, or a renewal of this one, means for the state. */
  function follow(because: Because, where: 'here' | 'elsewhere'): void {
    if (because === 'signed-out') become({ status: 'signed-out', reason: 'signed-out' });
    // A page that never had a session did not lose one.
    if (because === 'expired' && state.status !== 'signed-out')
      become({ status: 'signed-out', reason: state.status === 'signed-in' ? 'expired' : 'none' });
    // Perhaps another person: what is shown has to be read again.
    if (because === 'signed-in' && where === 'elsewhere') void start();
  }

  async function send(target: Request | URL, init?: RequestInit): Promise<Response> {
    if (request.tokenMode === 'bearer' && session.known().session === 'unknown') {
      // After a reload there is no token to try: it comes from another tab, or from the refresh cookie.
      const renewal = await session.renew(session.known());
      if (renewal.kind === 'unavailable') return renewal.answer();
    }
    const used = session.known();
    const response = await environment.fetch(target, withSession(target, init, used, request));
    session.observe(response);
    if (response.status !== 401) return response;
    const renewal = await session.renew(used);
    if (renewal.kind === 'unavailable') return renewal.answer();
    if (renewal.kind === 'gone' || !isRepeatable(target, init)) return response;
    const repeated = await environment.fetch(target, withSession(target, init, session.known(), request));
    session.observe(repeated);
    return repeated;
  }

  async function loadMe(): Promise<Me> {
    const response = await send(new URL('/api/v1/auth/me', request.baseUrl), {
      headers: { accept: 'application/json' },
    });
    if (!response.ok) throw await readProblem(response);
    return (await response.json()) as Me;
  }

  async function reload(): Promise<Me> {
    const me = await loadMe();
    become({ status: 'signed-in', me });
    return me;
  }

  function start(): Promise<SignInState> {
    starting ??= restore().finally(() => (starting = undefined));
    return starting;
  }

  async function restore(): Promise<SignInState> {
    try {
      await reload();
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) {
        if (state.status !== 'signed-out') become({ status: 'signed-out', reason: 'none' });
      } else if (state.status !== 'signed-in') {
        const seconds = (error instanceof ProblemError ? error.retryAfter : null) ?? 5;
        become({ status: 'unreachable', retryAt: environment.now() + seconds * 1000 });
        void environment.wait(seconds * 1000).then(() => {
          if (!stopped && state.status === 'unreachable') void start();
        });
      }
    }
    return state;
  }

  async function enter(path: string, body: Record<string, unknown>): Promise<Me> {
    const response = await session.enter(path, body);
    if (!response.ok) throw await readProblem(response);
    return reload();
  }

  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start,
    fetch: async (input, init) => {
      const url = checkTarget(input, request);
      // Before the first answer there is no CSRF token to send.
      if (state.status === 'starting') await start();
      return send(input instanceof Request ? input : url, init);
    },
    signIn: ({ email, password }) => enter('/api/v1/auth/login', { email, password }),
    confirmRegistration: ({ token, password }) => enter('/api/v1/auth/register/confirm', { token, password }),
    changePassword: async ({ currentPassword, newPassword }) => {
      if (state.status === 'starting') await start();
      const body = { currentPassword, newPassword };
      const response = await session.rotate('/api/v1/auth/password/change', body);
      if (!response.ok) throw await readProblem(response);
      return reload();
    },
    switchTenant: async (tenantId) => {
      if (state.status === 'starting') await start();
      const response = await session.rotate('/api/v1/auth/switch-tenant', { tenantId });
      if (!response.ok) throw await readProblem(response);
      return reload();
    },
    signOut: async () => {
      if (state.status === 'starting') await start();
      const response = await session.leave();
      // Already ended: that is what was asked for.
      if (!response.ok && response.status !== 401) throw await readProblem(response);
      become({ status: 'signed-out', reason: 'signed-out' });
    },
    reload,
    stop: () => {
      stopped = true;
      stopListening();
      session.close();
      listeners.clear();
    },
  };
}

function readOptions(options: GatehouseOptions, environment: Environment): RequestOptions {
  const base = options.baseUrl ?? environment.pageUrl;
  if (base === undefined) throw new TypeError('createGatehouse needs a baseUrl outside a page');
  const baseUrl = new URL(base, environment.pageUrl);
  return {
    baseUrl,
    client: options.client ?? 'console',
    tokenMode: options.tokenMode,
    pageOrigin: environment.pageUrl && new URL(environment.pageUrl).origin,
    origins: new Set([baseUrl.origin, ...(options.origins ?? []).map((origin) => new URL(origin).origin)]),
  };
}

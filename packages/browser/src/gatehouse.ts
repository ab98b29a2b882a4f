import { browserEnvironment, type Environment } from './environment.ts';
import type {
  Me,
  AddedFactor,
  NewTotp,
  PasswordChange,
  MailedProof,
  RegistrationConfirmation,
  SecondFactorProof,
  SignInCredentials,
  SignInProgress,
  SignInState,
  StepUpNeed,
  TotpConfirmation,
} from './messages.ts';
import { type PasskeySignIn, passkeySignIn } from './passkeys.ts';
import { ProblemError, readProblem } from './problem.ts';
import { checkTarget, isRepeatable, type RequestOptions, type TokenMode, withSession } from './requests.ts';
import { openSession } from './session.ts';
import { readStepUp } from './step-up.ts';
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
  /**
   * Leads the person through a step-up: a request was refused because they have not proved recently, or strongly enough, who they
   * are (RFC 9470). Ask for a proof, call `stepUp`, and answer `true`: the request is then repeated, once. Of several requests at
   * once one asks. Without it such an answer is handed on like any other.
   */
  readonly onStepUp?: (need: StepUpNeed) => Promise<boolean>;
  /** Parts of the browser to replace, for tests. */
  readonly environment?: Partial<Environment>;
}

export interface Gatehouse extends PasskeySignIn {
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
  /**
   * Signs in, as far as the first factor goes: look at `status`.
   *
   * @throws ProblemError with the server's code, for example `auth.invalid_credentials`.
   */
  signIn(credentials: SignInCredentials): Promise<SignInProgress>;
  /**
   * Signs in by what was mailed on request (`POST /api/v1/auth/mail-sign-in`).
   *
   * @throws ProblemError, for example `auth.mail_code_wrong`, `auth.link_invalid`, `auth.confirm_elsewhere`
   */
  signInByMail(proof: MailedProof): Promise<SignInProgress>;
  /** Completes a registration by the link from the mail and signs in. @throws ProblemError */
  confirmRegistration(confirmation: RegistrationConfirmation): Promise<SignInProgress>;
  /** Completes a sign-in by its second factor. @throws ProblemError, for example `auth.mfa_failed`, `auth.account_locked` */
  verifySecondFactor(
    sessionToken: string,
    proof: SecondFactorProof,
    options?: { readonly rememberDevice?: boolean },
  ): Promise<Me>;
  /** Begins the enrolment that a sign-in waits for. @throws ProblemError */
  beginEnrolment(sessionToken: string): Promise<NewTotp>;
  /** Completes it, and the sign-in. @throws ProblemError, for example `factors.code_wrong` */
  completeEnrolment(sessionToken: string, confirmation: TotpConfirmation): Promise<AddedFactor>;
  /** Adds an authenticator app to the account; the session goes on, in all tabs, under a new id. @throws ProblemError */
  addTotp(confirmation: TotpConfirmation): Promise<AddedFactor>;
  /**
   * Proves once more who is signed in: by a second factor, or by the password where the account has none. The session goes on, in
   * all tabs, under a new id.
   *
   * @throws ProblemError, for example `factors.code_wrong`, `password.current_wrong`
   */
  stepUp(proof: SecondFactorProof | { readonly password: string }): Promise<Me>;
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
  let steppingUp: Promise<boolean> | undefined;
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

  /** Repeats what was refused, once, when the person has proved once more who they are. */
  async function afterStepUp(response: Response, repeat: () => Promise<Response>): Promise<Response> {
    const need = options.onStepUp && (await readStepUp(response));
    if (!need || !options.onStepUp) return response;
    steppingUp ??= options.onStepUp(need).finally(() => (steppingUp = undefined));
    return (await steppingUp) ? repeat() : response;
  }

  async function send(target: Request | URL, init?: RequestInit): Promise<Response> {
    const response = await sendRenewed(target, init);
    return isRepeatable(target, init) ? afterStepUp(response, () => sendRenewed(target, init)) : response;
  }

  async function sendRenewed(target: Request | URL, init?: RequestInit): Promise<Response> {
    if (request.tokenMode === 'bearer' && session.known().session === 'unknown') {
      // After a reload there is no token to try: it comes from another tab, or from the refresh cookie.
      const renewal = await session.renew(session.known());
      if (renewal.kind === 'unavailable') return renewal.answer();
    }
    const used = session.known();
    const response = await environment.fetch(target, withSession(target, init, used, request));
    session.observe(response);
    if (response.status !== 401 || (await readStepUp(response))) return response;
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

  async function enter(path: string, body: Record<string, unknown>): Promise<SignInProgress> {
    const response = await session.enter(path, body);
    if (!response.ok) throw await readProblem(response);
    const answer = (await response.json()) as EntryAnswer;
    const sessionToken = answer.session_token ?? '';
    if (answer.mfa_enrolment_required) return { status: 'enrolment', sessionToken };
    if (answer.mfa_required) {
      const { factors = [], remember_days: rememberDays = 0 } = answer;
      return { status: 'second-factor', sessionToken, factors, rememberDays };
    }
    return { status: 'signed-in', me: await reload() };
  }

  /** Runs a change that goes on in a session of a new id. */
  async function rotate(path: string, body: Record<string, unknown>): Promise<EntryAnswer> {
    if (state.status === 'starting') await start();
    const go = () => session.rotate(path, body);
    const response = await afterStepUp(await go(), go);
    if (!response.ok) throw await readProblem(response);
    return (await response.json()) as EntryAnswer;
  }

  return {
    ...passkeySignIn({ post: session.post, entry: session.enter, enter, rotate, reload }),
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
    signInByMail: (proof) =>
      'code' in proof
        ? enter('/api/v1/auth/mail-sign-in/code', { email: proof.email, code: proof.code })
        : enter('/api/v1/auth/mail-sign-in/link', {
            token: proof.token,
            ...(proof.elsewhere === true && { elsewhere: true }),
          }),
    confirmRegistration: ({ token, password }) => enter('/api/v1/auth/register/confirm', { token, password }),
    verifySecondFactor: async (sessionToken, proof, { rememberDevice = false } = {}) => {
      const body = { session_token: sessionToken, ...spellProof(proof) };
      const remember = rememberDevice ? { remember_device: true } : {};
      const response = await session.enter('/api/v1/auth/mfa/verify', { ...body, ...remember });
      if (!response.ok) throw await readProblem(response);
      return reload();
    },
    beginEnrolment: async (sessionToken) => {
      const response = await session.post('/api/v1/auth/mfa/enrol', { session_token: sessionToken });
      if (!response.ok) throw await readProblem(response);
      return (await response.json()) as NewTotp;
    },
    completeEnrolment: async (sessionToken, confirmation) => {
      const body = { session_token: sessionToken, ...spellConfirmation(confirmation) };
      const response = await session.enter('/api/v1/auth/mfa/enrol/confirm', body);
      if (!response.ok) throw await readProblem(response);
      const { backup_codes: backupCodes = [] } = (await response.json()) as EntryAnswer;
      return { me: await reload(), backupCodes };
    },
    addTotp: async (confirmation) => {
      const path = '/api/v1/auth/factors/totp/confirm';
      const { backup_codes: backupCodes = [] } = await rotate(path, spellConfirmation(confirmation));
      return { me: await reload(), backupCodes };
    },
    stepUp: async (proof) => {
      if (state.status === 'starting') await start();
      const response = await session.rotate('/api/v1/auth/step-up', spellProof(proof));
      if (!response.ok) throw await readProblem(response);
      return reload();
    },
    changePassword: async ({ currentPassword, newPassword }) => {
      await rotate('/api/v1/auth/password/change', { currentPassword, newPassword });
      return reload();
    },
    switchTenant: async (tenantId) => {
      await rotate('/api/v1/auth/switch-tenant', { tenantId });
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

/** The members of an answer to an entry that are looked at. */
interface EntryAnswer {
  readonly mfa_required?: true;
  readonly mfa_enrolment_required?: true;
  readonly session_token?: string;
  readonly factors?: readonly string[];
  readonly remember_days?: number;
  readonly backup_codes?: readonly string[];
}

function spellProof(proof: SecondFactorProof | { readonly password: string }): Record<string, unknown> {
  if ('password' in proof) return { password: proof.password };
  if ('passkey' in proof) return { passkey: proof.passkey };
  return 'totpCode' in proof ? { totp_code: proof.totpCode } : { backup_code: proof.backupCode };
}

const spellConfirmation = ({
  enrolmentToken,
  totpCode,
  label,
}: TotpConfirmation): Record<string, string> => ({
  enrolment_token: enrolmentToken,
  totp_code: totpCode,
  ...(label && { label }),
});

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

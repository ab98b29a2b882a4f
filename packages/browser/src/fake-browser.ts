/** Stand-ins for a browser with several tabs, and for the server behind them. Used by the tests only. */
import type { Channel, Environment } from './environment.ts';
import { createGatehouse, type Gatehouse, type GatehouseOptions } from './gatehouse.ts';

type LockWork = (lock: Lock | null) => unknown;

/** Web Locks over all tabs: shared and exclusive, in order of asking. */
function fakeLocks(): NonNullable<Environment['locks']> {
  const held: { name: string; mode: LockMode }[] = [];
  const queue: { name: string; mode: LockMode; run: () => void }[] = [];

  function isFree({ name, mode }: { name: string; mode: LockMode }): boolean {
    return !held.some((lock) => lock.name === name && (mode === 'exclusive' || lock.mode === 'exclusive'));
  }

  function grant(): void {
    for (let next = queue.find(isFree); next; next = queue.find(isFree)) {
      queue.splice(queue.indexOf(next), 1);
      next.run();
    }
  }

  function request(name: string, options: LockOptions | LockWork, work?: LockWork): Promise<unknown> {
    const mode = (typeof options === 'object' ? options.mode : undefined) ?? 'exclusive';
    const run = typeof options === 'function' ? options : work;
    return new Promise((resolve, reject) => {
      const start = (): void => {
        const lock = { name, mode };
        held.push(lock);
        void Promise.resolve(run?.(lock))
          .then(resolve, reject)
          .finally(() => {
            held.splice(held.indexOf(lock), 1);
            grant();
          });
      };
      queue.push({ name, mode, run: start });
      grant();
    });
  }

  return {
    request,
    query: async () => ({ held: [...held], pending: [] }),
  };
}

/** A BroadcastChannel whose messages take `delay` milliseconds, so that a lock can be granted before one arrives. */
function fakeChannels(delay: number): (name: string) => Channel {
  const open = new Set<{ name: string; listeners: ((event: { data: unknown }) => void)[] }>();
  return (name) => {
    const end: { name: string; listeners: ((event: { data: unknown }) => void)[] } = { name, listeners: [] };
    open.add(end);
    return {
      postMessage: (message) => {
        const data: unknown = structuredClone(message);
        setTimeout(() => {
          for (const other of open)
            if (other !== end && other.name === name)
              for (const listener of other.listeners) listener({ data });
        }, delay);
      },
      addEventListener: (_type, listener) => end.listeners.push(listener),
      close: () => open.delete(end),
    };
  };
}

export const person = {
  user: {
    id: 'u1',
    tenantId: 't1',
    email: 'ada@example.com',
    emailVerified: true,
    name: 'Ada',
    status: 'active',
    createdAt: '',
  },
  tenant: {
    id: 't1',
    name: 'Example',
    type: 'internal',
    status: 'active',
    locale: 'en',
    timeZone: 'UTC',
    currency: 'EUR',
    dateFormat: 'YYYY-MM-DD',
  },
  session: { id: 's1', clientId: 'console', createdAt: '', expiresAt: '', amr: ['pwd'], authTime: '' },
  roles: ['admin'],
  permissions: ['users:read'],
};

export type Handler = (request: Request) => Response | Promise<Response> | undefined;

/** The smallest server that behaves like Gatehouse: one access token lives until the next `expire()`. */
export function fakeServer(mode: 'cookie' | 'bearer') {
  const calls: Request[] = [];
  let generation = 0;
  let sessionLives = true;
  let accessLives = true;
  let intercept: Handler = () => undefined;

  const problem = (status: number, code: string, headers?: Record<string, string>): Response =>
    Response.json({ title: code, status, code }, { status, headers: { ...headers } });

  function renewed(): Response {
    generation += 1;
    accessLives = true;
    const headers = { 'x-csrf-token': `csrf-${generation}` };
    const token = { access_token: `access-${generation}`, token_type: 'Bearer', expires_in: 900 };
    return Response.json({ ...(mode === 'bearer' && token), user: person.user }, { headers });
  }

  function isAuthenticated(request: Request): boolean {
    if (!accessLives || !sessionLives) return false;
    if (mode === 'cookie') return true;
    return request.headers.get('authorization') === `Bearer access-${generation}`;
  }

  async function answer(request: Request): Promise<Response> {
    calls.push(request.clone());
    await new Promise((resolve) => setTimeout(resolve, 1));
    const path = new URL(request.url).pathname;
    const intercepted = await intercept(request);
    if (intercepted) return intercepted;
    if (
      [
        '/api/v1/auth/mfa/verify',
        '/api/v1/auth/passkey/login',
        '/api/v1/auth/mfa/enrol/passkey/confirm',
      ].includes(path)
    ) {
      sessionLives = true;
      return renewed();
    }
    if (path.endsWith('/passkey/options')) return Response.json({ challenge: 'Y2hhbGxlbmdl' });
    if (path === '/api/v1/auth/refresh')
      return sessionLives ? renewed() : problem(401, 'auth.session_expired');
    if (path === '/api/v1/auth/login' || path === '/api/v1/auth/register/confirm') {
      const { password } = (await request.json()) as { password: string };
      if (password !== 'Right-1234') return problem(401, 'auth.invalid_credentials');
      sessionLives = true;
      return renewed();
    }
    if (!isAuthenticated(request)) return problem(401, 'auth.required');
    if (path === '/api/v1/auth/password/change') {
      const { currentPassword } = (await request.json()) as { currentPassword: string };
      return currentPassword === 'Right-1234' ? renewed() : problem(400, 'password.current_wrong');
    }
    if (path === '/api/v1/auth/step-up' || path === '/api/v1/auth/factors/passkey/confirm') return renewed();
    if (path === '/api/v1/auth/logout') {
      sessionLives = false;
      return new Response(null, { status: 204 });
    }
    if (path === '/api/v1/auth/me')
      return Response.json(person, { headers: { 'x-csrf-token': `csrf-${generation}` } });
    return Response.json({ path });
  }

  return {
    answer,
    problem,
    intercept: (handler: Handler) => (intercept = handler),
    expire: () => (accessLives = false),
    end: () => (sessionLives = false),
    count: (path: string) => calls.filter((call) => new URL(call.url).pathname === path).length,
    last: (path: string) => calls.filter((call) => new URL(call.url).pathname === path).at(-1),
  };
}

export type FakeServer = ReturnType<typeof fakeServer>;

/** A browser that opens tabs on one origin, with one cookie jar and one lock manager. */
export function fakeBrowser(server: FakeServer, { messageDelay = 0, webLocks = true } = {}) {
  const locks = webLocks ? fakeLocks() : undefined;
  const openChannel = fakeChannels(messageDelay);
  const onlineListeners = new Set<() => void>();
  const tabs: Gatehouse[] = [];
  let online = true;

  const environment: Environment = {
    fetch: async (input, init) => {
      if (!online) throw new TypeError('Failed to fetch');
      return server.answer(new Request(input, init));
    },
    locks,
    openChannel,
    now: Date.now,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    onOnline: (listener) => {
      onlineListeners.add(listener);
      return () => onlineListeners.delete(listener);
    },
    pageUrl: 'https://id.example.com/somewhere',
  };

  return {
    openTab: (options: Partial<GatehouseOptions> = {}): Gatehouse => {
      const tab = createGatehouse({ tokenMode: 'cookie', environment, ...options });
      tabs.push(tab);
      return tab;
    },
    loseNetwork: () => (online = false),
    regainNetwork: () => {
      online = true;
      for (const listener of onlineListeners) listener();
    },
    close: () => tabs.forEach((tab) => tab.stop()),
  };
}

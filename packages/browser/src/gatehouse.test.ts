import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeBrowser, fakeServer, type FakeServer, person } from './fake-browser.ts';
import { ProblemError } from './problem.ts';

const refresh = '/api/v1/auth/refresh';
const users = '/api/v1/users';
let browser: ReturnType<typeof fakeBrowser>;

function open(
  mode: 'cookie' | 'bearer' = 'cookie',
  options?: { messageDelay?: number; webLocks?: boolean },
): FakeServer {
  const server = fakeServer(mode);
  browser = fakeBrowser(server, options);
  return server;
}

afterEach(() => browser.close());

describe('a page that starts', () => {
  it('restores the session after a reload from a valid access cookie without renewing', async () => {
    const server = open();
    const tab = browser.openTab();
    expect(tab.getState()).toEqual({ status: 'starting' });
    expect(await tab.start()).toEqual({ status: 'signed-in', me: person });
    expect(server.count(refresh)).toBe(0);
  });

  it('restores the session from the refresh cookie when the access cookie is spent', async () => {
    const server = open();
    server.expire();
    expect(await browser.openTab().start()).toMatchObject({ status: 'signed-in' });
    expect(server.count(refresh)).toBe(1);
  });

  it('restores a bearer session from the refresh cookie and then sends the token', async () => {
    const server = open('bearer');
    const tab = browser.openTab({ tokenMode: 'bearer' });
    expect(await tab.start()).toMatchObject({ status: 'signed-in' });
    expect(server.last('/api/v1/auth/me')?.headers.get('authorization')).toBe('Bearer access-1');
    expect(server.count('/api/v1/auth/me')).toBe(1);
  });

  it('takes a bearer token from another tab instead of renewing', async () => {
    const server = open('bearer');
    await browser.openTab({ tokenMode: 'bearer' }).start();
    expect(await browser.openTab({ tokenMode: 'bearer' }).start()).toMatchObject({ status: 'signed-in' });
    expect(server.count(refresh)).toBe(1);
  });

  it('is signed out, with no reason to name, when there never was a session', async () => {
    open().end();
    expect(await browser.openTab().start()).toEqual({ status: 'signed-out', reason: 'none' });
  });

  it('is unreachable and not signed out while the network is lost, and recovers with it', async () => {
    open();
    browser.loseNetwork();
    const tab = browser.openTab();
    expect(await tab.start()).toMatchObject({ status: 'unreachable' });
    browser.regainNetwork();
    await vi.waitFor(() => expect(tab.getState().status).toBe('signed-in'), 10_000);
  });

  it('asks again when a busy server said it may', async () => {
    const server = open();
    let busy = true;
    server.intercept(() => (busy ? server.problem(503, 'auth.busy', { 'retry-after': '0' }) : undefined));
    const tab = browser.openTab();
    expect(await tab.start()).toMatchObject({ status: 'unreachable' });
    busy = false;
    await vi.waitFor(() => expect(tab.getState().status).toBe('signed-in'), 10_000);
  });
});

describe('a request', () => {
  it('names the client, and carries the CSRF token only where it changes something', async () => {
    const server = open();
    const tab = browser.openTab({ client: 'portal' });
    await tab.fetch(users);
    expect(server.last(users)?.headers.get('x-gatehouse-client')).toBe('portal');
    expect(server.last(users)?.headers.has('x-csrf-token')).toBe(false);
    await tab.fetch(users, { method: 'POST', body: '{}' });
    expect(server.last(users)?.headers.get('x-csrf-token')).toBe('csrf-0');
  });

  it('is refused when it would carry the session to an unlisted origin', async () => {
    open();
    const tab = browser.openTab({ origins: ['https://api.example.com'] });
    await expect(tab.fetch('https://evil.example/collect')).rejects.toThrow(/not to https:\/\/evil\.example/);
    expect((await tab.fetch('https://api.example.com/things')).status).toBe(200);
  });

  it('reaches the person as a lost network when the network is lost during renewal', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    server.expire();
    server.intercept((request) => {
      if (request.url.endsWith(refresh)) throw new TypeError('Failed to fetch');
      return undefined;
    });
    await expect(tab.fetch(users)).rejects.toThrow(TypeError);
    expect(tab.getState().status).toBe('signed-in');
  });

  it('is answered with the 503 and its Retry-After when renewal is busy, each waiting one, and nobody is signed out', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    server.expire();
    server.intercept((request) =>
      request.url.endsWith(refresh) ? server.problem(503, 'auth.busy', { 'retry-after': '7' }) : undefined,
    );
    for (const response of await Promise.all([tab.fetch(users), tab.fetch(users)])) {
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(await response.json()).toMatchObject({ code: 'auth.busy' });
    }
    expect(tab.getState().status).toBe('signed-in');
  });

  it('is repeated once and never twice', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    server.intercept((request) =>
      request.url.endsWith(users) ? server.problem(401, 'auth.required') : undefined,
    );
    expect((await tab.fetch(users)).status).toBe(401);
    expect(server.count(users)).toBe(2);
    expect(server.count(refresh)).toBe(1);
  });

  it('is repeated with its body', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    server.expire();
    expect((await tab.fetch(users, { method: 'POST', body: '{"name":"Ada"}' })).status).toBe(200);
    expect(await server.last(users)?.text()).toBe('{"name":"Ada"}');
    expect(server.last(users)?.headers.get('x-csrf-token')).toBe('csrf-1');
  });

  it('is not repeated when its body is a stream, but the session is renewed for the next one', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    server.expire();
    const upload = { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit;
    expect((await tab.fetch(users, upload)).status).toBe(401);
    expect(server.count(users)).toBe(1);
    expect((await tab.fetch(users)).status).toBe(200);
    expect(server.count(refresh)).toBe(1);
  });
});

describe('a renewal', () => {
  it('happens once for all waiting requests of a page', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    server.expire();
    const answers = await Promise.all(Array.from({ length: 20 }, () => tab.fetch(users)));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect(server.count(refresh)).toBe(1);
  });

  it.each([0, 20])(
    'happens once for all tabs when messages between them take %i ms',
    async (messageDelay) => {
      const server = open('cookie', { messageDelay });
      const tabs = [browser.openTab(), browser.openTab(), browser.openTab()];
      await Promise.all(tabs.map((tab) => tab.start()));
      server.expire();
      const answers = await Promise.all(tabs.flatMap((tab) => [tab.fetch(users), tab.fetch(users)]));
      expect(answers.every((answer) => answer.status === 200)).toBe(true);
      expect(server.count(refresh)).toBe(1);
    },
  );

  it('gives the new bearer token to the other tabs', async () => {
    const server = open('bearer');
    const tabs = [browser.openTab({ tokenMode: 'bearer' }), browser.openTab({ tokenMode: 'bearer' })];
    await Promise.all(tabs.map((tab) => tab.start()));
    expect(server.count(refresh)).toBe(1);
    server.expire();
    const answers = await Promise.all(tabs.map((tab) => tab.fetch(users)));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect(server.count(refresh)).toBe(2);
  });

  it('does not wait longer than a moment for a tab that is frozen', async () => {
    const server = open('cookie', { messageDelay: 60_000 });
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    server.expire();
    expect((await tabs[0]!.fetch(users)).status).toBe(200);
  });

  it('works without Web Locks, inside one page', async () => {
    const server = open('cookie', { webLocks: false });
    const tab = browser.openTab();
    await tab.start();
    server.expire();
    await Promise.all([tab.fetch(users), tab.fetch(users)]);
    expect(server.count(refresh)).toBe(1);
  });
});

describe('the end of a session', () => {
  it('that the server decided is told to all tabs, after one renewal tried', async () => {
    const server = open();
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    server.end();
    const answers = await Promise.all(tabs.map((tab) => tab.fetch(users)));
    expect(answers.map((answer) => answer.status)).toEqual([401, 401]);
    expect(server.count(refresh)).toBe(1);
    for (const tab of tabs)
      await vi.waitFor(
        () => expect(tab.getState()).toEqual({ status: 'signed-out', reason: 'expired' }),
        10_000,
      );
  });

  it('by the person signs out every tab', async () => {
    const server = open();
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    server.expire();
    await tabs[0]!.signOut();
    for (const tab of tabs)
      await vi.waitFor(
        () => expect(tab.getState()).toEqual({ status: 'signed-out', reason: 'signed-out' }),
        10_000,
      );
    expect(server.count('/api/v1/auth/logout')).toBe(2);
  });

  it('by the person works as the first thing that a page does, with the CSRF token that it needs', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.signOut();
    expect(server.last('/api/v1/auth/logout')?.headers.get('x-csrf-token')).toBe('csrf-0');
    expect(tab.getState()).toEqual({ status: 'signed-out', reason: 'signed-out' });
  });

  it('does not happen when signing out could not reach the server', async () => {
    open();
    const tab = browser.openTab();
    await tab.start();
    browser.loseNetwork();
    await expect(tab.signOut()).rejects.toThrow(TypeError);
    expect(tab.getState().status).toBe('signed-in');
  });
});

describe('changing the password', () => {
  const path = '/api/v1/auth/password/change';
  const change = { currentPassword: 'Right-1234', newPassword: 'Other-1234' };

  it('goes on in all tabs with what the new session hands out, and renews nothing', async () => {
    const server = open();
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    expect(await tabs[0]!.changePassword(change)).toEqual(person);
    expect(server.last(path)?.headers.get('x-csrf-token')).toBe('csrf-0');
    expect(await server.last(path)?.json()).toEqual(change);
    await vi.waitFor(() => expect(server.count('/api/v1/auth/me')).toBe(4), 10_000);
    await tabs[1]!.fetch(users, { method: 'POST' });
    expect(server.last(users)?.headers.get('x-csrf-token')).toBe('csrf-1');
    expect(server.count(refresh)).toBe(0);
  });

  it('renews first where the access token is spent, as the first thing of a page, too', async () => {
    for (const mode of ['cookie', 'bearer'] as const) {
      const server = open(mode);
      server.expire();
      expect(await browser.openTab({ tokenMode: mode }).changePassword(change)).toEqual(person);
      expect(server.count(refresh)).toBe(1);
      browser.close();
    }
  });

  it('and a renewal of another tab take turns: one renewal is enough for both', async () => {
    const server = open();
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    server.expire();
    const order: string[] = [];
    server.intercept((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === refresh || pathname === path) order.push(pathname);
      return undefined;
    });
    const [answer] = await Promise.all([tabs[1]!.fetch(users), tabs[0]!.changePassword(change)]);
    expect(answer.status).toBe(200);
    expect(order).toEqual([path, refresh, path]);
  });

  it('by a wrong one is refused with the code of the server, and nobody is signed out', async () => {
    const server = open();
    const tab = browser.openTab();
    await tab.start();
    const wrong = tab.changePassword({ ...change, currentPassword: 'Wrong-1234' });
    await expect(wrong).rejects.toMatchObject({ code: 'password.current_wrong' });
    expect(tab.getState().status).toBe('signed-in');
    expect(server.count(path)).toBe(1);
  });
});

describe('signing in', () => {
  it('is told to the other tabs, which load the person', async () => {
    const server = open();
    server.end();
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    await tabs[0]!.signIn({ email: 'ada@example.com', password: 'Right-1234' });
    for (const tab of tabs)
      await vi.waitFor(() => expect(tab.getState()).toEqual({ status: 'signed-in', me: person }), 10_000);
    expect(server.count('/api/v1/auth/me')).toBe(4);
  });

  it('throws the problem of the server and keeps the state', async () => {
    open().end();
    const tab = browser.openTab();
    await tab.start();
    const attempt = tab.signIn({ email: 'ada@example.com', password: 'wrong' });
    await expect(attempt).rejects.toBeInstanceOf(ProblemError);
    await expect(attempt).rejects.toMatchObject({ code: 'auth.invalid_credentials', status: 401 });
    expect(tab.getState()).toEqual({ status: 'signed-out', reason: 'none' });
  });

  it('happens by the link of a registration, too', async () => {
    open().end();
    const tab = browser.openTab();
    await tab.confirmRegistration({ token: 'one-time', password: 'Right-1234' });
    expect(tab.getState().status).toBe('signed-in');
  });
});

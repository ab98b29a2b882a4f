import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeBrowser, fakeServer, type FakeServer } from './fake-browser.ts';

const users = '/api/v1/users';
let browser: ReturnType<typeof fakeBrowser>;
afterEach(() => browser.close());

function open(): FakeServer {
  const server = fakeServer('cookie');
  browser = fakeBrowser(server);
  return server;
}

describe('a second factor', () => {
  const verify = '/api/v1/auth/mfa/verify';
  const due = { mfa_required: true, session_token: 'waits', factors: ['totp'], remember_days: 30 };

  it('is asked for before anybody is signed in, and completes the sign-in in all tabs', async () => {
    const server = open();
    server.end();
    server.intercept((request) =>
      new URL(request.url).pathname === '/api/v1/auth/login' ? Response.json(due) : undefined,
    );
    const tabs = [browser.openTab(), browser.openTab()];
    await Promise.all(tabs.map((tab) => tab.start()));
    const progress = await tabs[0]!.signIn({ email: 'ada@example.com', password: 'Right-1234' });
    expect(progress).toEqual({
      status: 'second-factor',
      sessionToken: 'waits',
      factors: ['totp'],
      rememberDays: 30,
    });
    for (const tab of tabs) expect(tab.getState().status).toBe('signed-out');
    await tabs[0]!.verifySecondFactor('waits', { totpCode: '123456' }, { rememberDevice: true });
    const sent: unknown = await server.last(verify)?.json();
    expect(sent).toEqual({
      session_token: 'waits',
      totp_code: '123456',
      remember_device: true,
      client: 'console',
    });
    for (const tab of tabs) await vi.waitFor(() => expect(tab.getState().status).toBe('signed-in'), 10_000);
  });
});

describe('a step-up', () => {
  const stepUp = '/api/v1/auth/step-up';
  const challenge = {
    'www-authenticate':
      'Bearer error="insufficient_user_authentication", error_description="x", acr_values="2", max_age="600"',
  };
  function demanding(server: FakeServer): void {
    let proved = false;
    server.intercept((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === stepUp) proved = true;
      return proved || pathname !== users
        ? undefined
        : server.problem(401, 'auth.insufficient_user_authentication', challenge);
    });
  }

  it('is asked for once, however many requests need it, and each of them is repeated once', async () => {
    const server = open();
    demanding(server);
    const needs: unknown[] = [];
    const tab = browser.openTab({
      onStepUp: async (need) => {
        needs.push(need);
        await tab.stepUp({ totpCode: '123456' });
        return true;
      },
    });
    await tab.start();
    const answers = await Promise.all([1, 2, 3].map(() => tab.fetch(users, { method: 'POST', body: '{}' })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(needs).toEqual([{ acrValues: '2', maxAge: 600 }]);
    expect(server.count(users)).toBe(6);
    expect(server.count('/api/v1/auth/refresh')).toBe(0);
  });

  it('that the person breaks off leaves the answer as it is, and nobody is signed out', async () => {
    const server = open();
    demanding(server);
    const tab = browser.openTab({ onStepUp: async () => false });
    await tab.start();
    expect((await tab.fetch(users)).status).toBe(401);
    expect([server.count(users), server.count('/api/v1/auth/refresh')]).toEqual([1, 0]);
    expect(tab.getState().status).toBe('signed-in');
  });
});

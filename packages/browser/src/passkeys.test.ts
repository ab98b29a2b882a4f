import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeBrowser, fakeServer } from './fake-browser.ts';

let browser: ReturnType<typeof fakeBrowser>;
afterEach(() => browser.close());

const answer = { id: 'AA', rawId: 'AA', type: 'public-key' } as AuthenticationResponseJSON;
const made = { id: 'AA', rawId: 'AA', type: 'public-key' } as RegistrationResponseJSON;

describe('a passkey', () => {
  it('signs in by itself, in all tabs, for this client', async () => {
    const server = fakeServer('cookie');
    browser = fakeBrowser(server);
    server.end();
    const tabs = [browser.openTab(), browser.openTab({ client: 'console' })];
    await Promise.all(tabs.map((tab) => tab.start()));
    expect(await tabs[0]!.askForPasskey()).toEqual({ challenge: 'Y2hhbGxlbmdl' });
    expect(await tabs[0]!.signInByPasskey(answer)).toMatchObject({ status: 'signed-in' });
    expect(await server.last('/api/v1/auth/passkey/login')?.json()).toEqual({
      passkey: answer,
      client: 'console',
    });
    for (const tab of tabs) await vi.waitFor(() => expect(tab.getState().status).toBe('signed-in'), 10_000);
  });

  it('completes a sign-in that waits for it, and an enrolment', async () => {
    const server = fakeServer('cookie');
    browser = fakeBrowser(server);
    server.end();
    const tab = browser.openTab();
    await tab.start();
    await tab.askForPasskey('waits');
    expect(await server.last('/api/v1/auth/mfa/passkey/options')?.json()).toMatchObject({
      session_token: 'waits',
    });
    await tab.verifySecondFactor('waits', { passkey: answer });
    expect(await server.last('/api/v1/auth/mfa/verify')?.json()).toEqual({
      session_token: 'waits',
      passkey: answer,
      client: 'console',
    });
    await tab.completePasskeyEnrolment('waits', { passkey: made, label: 'Phone' });
    expect(await server.last('/api/v1/auth/mfa/enrol/passkey/confirm')?.json()).toEqual({
      session_token: 'waits',
      passkey: made,
      label: 'Phone',
      client: 'console',
    });
    expect(tab.getState().status).toBe('signed-in');
  });

  it('is added to the account and proves once more who it is, in a session that goes on', async () => {
    const server = fakeServer('cookie');
    browser = fakeBrowser(server);
    const tab = browser.openTab();
    await tab.start();
    await tab.addPasskey({ passkey: made });
    expect(await server.last('/api/v1/auth/factors/passkey/confirm')?.json()).toEqual({ passkey: made });
    await tab.stepUp({ passkey: answer });
    expect(await server.last('/api/v1/auth/step-up')?.json()).toEqual({ passkey: answer });
    server.intercept((request) =>
      request.url.endsWith('/passkey/login') ? server.problem(401, 'auth.passkey_failed') : undefined,
    );
    await expect(tab.signInByPasskey(answer)).rejects.toMatchObject({ code: 'auth.passkey_failed' });
  });
});

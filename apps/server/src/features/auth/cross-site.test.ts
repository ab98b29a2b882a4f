import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { ALLOW_ORIGINS: 'https://app.example.com' } });
});
afterAll(() => gatehouse.close());

const ENDS = '/api/v1/sessions/end-others';

describe('a change that cookies authenticate', () => {
  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['the same host on another port', { origin: 'http://localhost:4999' }],
    ['a look-alike of an allowed origin', { origin: 'https://app.example.com.evil.example' }],
  ])('is refused from %s', async (_name, headers) => {
    const browser = await gatehouse.admin();
    const answer = await browser.post(ENDS, {}, headers);
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('auth.origin_refused');
  });

  it('is refused without an origin when the browser says that another site asked', async () => {
    const browser = gatehouse.browser({ origin: undefined });
    await browser.post('/api/v1/auth/login', ADMIN);
    expect((await browser.post(ENDS, {}, { 'sec-fetch-site': 'cross-site' })).body.code).toBe(
      'auth.origin_refused',
    );
    expect((await browser.post(ENDS, {}, { 'sec-fetch-site': 'same-site' })).body.code).toBe(
      'auth.origin_refused',
    );
    expect((await browser.post(ENDS, {}, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('needs the CSRF token of its own session', async () => {
    const [mine, other] = [await gatehouse.admin(), await gatehouse.admin()];
    const token = mine.csrf;
    mine.csrf = undefined;
    expect((await mine.post(ENDS)).body.code).toBe('auth.csrf_refused');
    mine.csrf = other.csrf;
    expect((await mine.post(ENDS)).body.code).toBe('auth.csrf_refused');
    mine.csrf = token;
    expect((await mine.post(ENDS)).status).toBe(200);
  });

  it('hands the CSRF token out again after a reload, by me and by refresh', async () => {
    const browser = await gatehouse.admin();
    const { csrf } = browser;
    for (const ask of [() => browser.get('/api/v1/auth/me'), () => browser.post('/api/v1/auth/refresh')]) {
      browser.csrf = undefined;
      await ask();
      expect(browser.csrf).toBe(csrf);
    }
  });
});

describe('signing in, renewing and signing out', () => {
  it.each(['/api/v1/auth/login', '/api/v1/auth/refresh', '/api/v1/auth/logout', '/api/v1/auth/register'])(
    '%s refuses a foreign origin',
    async (url) => {
      const browser = await gatehouse.admin();
      const answer = await browser.post(
        url,
        url.endsWith('login') ? ADMIN : url.endsWith('register') ? REGISTRATION : {},
        { origin: 'https://evil.example' },
      );
      expect(answer.body.code).toBe('auth.origin_refused');
      expect(answer.cookies).toEqual([]);
    },
  );

  it('sign-out without the CSRF token is refused, so that no page can sign somebody out [threat 69]', async () => {
    const browser = await gatehouse.admin();
    browser.csrf = undefined;
    expect((await browser.post('/api/v1/auth/logout')).body.code).toBe('auth.csrf_refused');
    expect((await browser.get('/api/v1/auth/logout')).status).toBe(404);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(200);
  });
});

describe('cross-origin requests', () => {
  it('are allowed to the listed origins, with credentials, and to nobody else', async () => {
    const browser = gatehouse.browser();
    const preflight = (origin: string) =>
      browser.request({
        method: 'OPTIONS',
        url: '/api/v1/auth/login',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      });
    const listed = await preflight('https://app.example.com');
    expect(listed.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(listed.headers['access-control-allow-credentials']).toBe('true');
    for (const origin of ['https://evil.example', 'null', 'https://app.example.com:444']) {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('the cookies of one app', () => {
  const APP = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' };
  const addClient = async (client: object) => {
    const added = await (await gatehouse.admin()).post('/api/v1/clients', { kind: 'spa', ...client });
    expect(added.status).toBe(201);
  };
  const signInBy = async (client: string, headers: Record<string, string>) => {
    const browser = gatehouse.browser();
    const answer = await browser.post('/api/v1/auth/login', { ...ADMIN, client }, headers);
    expect(answer.status).toBe(200);
    return browser;
  };

  it('of the console are for its own pages: a page of another allowed origin neither reads nor changes', async () => {
    const browser = await gatehouse.admin();
    const read = await browser.get('/api/v1/auth/me', APP);
    expect([read.status, read.body.code, read.headers['x-csrf-token']]).toEqual([
      403,
      'auth.origin_refused',
      undefined,
    ]);
    expect((await browser.post(ENDS, {}, APP)).body.code).toBe('auth.origin_refused');
    expect((await browser.post('/api/v1/auth/refresh', {}, APP)).body.code).toBe('auth.origin_refused');
    expect((await browser.get('/api/v1/auth/me', { origin: gatehouse.config.publicUrl })).status).toBe(200);
  });

  it('are for the pages that its client names, and for every allowed one where it names none', async () => {
    await addClient({ clientId: 'desk', name: 'Desk', origins: ['https://desk.example.com'] });
    await addClient({ clientId: 'shop', name: 'Shop' });
    const desk = await signInBy('desk', { origin: 'https://desk.example.com' });
    const shop = await signInBy('shop', APP);
    const ask = async (browser: typeof desk, client: string, headers: Record<string, string>) =>
      (await browser.get('/api/v1/auth/me', { 'x-gatehouse-client': client, ...headers })).status;
    expect(await ask(desk, 'desk', { origin: 'https://desk.example.com' })).toBe(200);
    expect(await ask(desk, 'desk', APP)).toBe(403);
    expect(await ask(shop, 'shop', APP)).toBe(200);
  });

  it('are not read in the spelling that a sibling host could set, unless the client has a cookie domain', async () => {
    const admin = await gatehouse.admin();
    const planted = gatehouse.browser();
    planted.cookies.set('__Secure-gh.console.at', admin.cookies.get('__Host-gh.console.at') ?? '');
    expect((await planted.get('/api/v1/auth/me')).body.code).toBe('auth.token_invalid');
    await addClient({ clientId: 'wide', name: 'Wide', cookieDomain: 'example.com' });
    const wide = await signInBy('wide', APP);
    expect(wide.cookies.has('__Secure-gh.wide.at')).toBe(true);
    expect((await wide.get('/api/v1/auth/me', { 'x-gatehouse-client': 'wide' })).status).toBe(200);
  });
});

const REGISTRATION = { email: 'new@example.com', password: 'Good-Pass-1', name: 'New', tenantName: 'New' };

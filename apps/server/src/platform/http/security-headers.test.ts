import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const PATHS = [
  '/',
  '/signin',
  '/api/v1/auth/me',
  '/api/v1/auth/options',
  '/health/live',
  '/openapi.json',
  '/.well-known/jwks.json',
  '/nothing-here',
  '/%zz',
];

describe('security headers', () => {
  it.each(PATHS)('are on the answer of %s', async (path) => {
    const { headers } = await gatehouse.browser().get(path);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
    expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['permissions-policy']).toContain('camera=()');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
  });

  it('keep answers out of every cache, but for public keys', async () => {
    const admin = await gatehouse.admin();
    const kept = async (url: string) => (await admin.get(url)).headers['cache-control'];
    for (const url of ['/api/v1/users', '/api/v1/audit', '/api/v1/sessions', '/api/v1/nothing', '/signin'])
      expect(await kept(url), url).toBe('no-store');
    expect(await kept('/.well-known/jwks.json')).toBe('public, max-age=300');
  });

  it('give every page a nonce of its own', async () => {
    const pages = await Promise.all([1, 2].map(() => gatehouse.browser().get('/')));
    const nonces = pages.map(
      (page) => /'nonce-([^']+)'/.exec(String(page.headers['content-security-policy']))?.[1],
    );
    expect(new Set(nonces).size).toBe(2);
    for (const [index, page] of pages.entries()) {
      expect(page.text).toContain(`content="${nonces[index]}"`);
      expect(page.text).not.toContain('__CSP_NONCE__');
    }
  });

  it('are on the page for whoever comes in a browser to an address that nothing answers to, which programs are told of', async () => {
    const ask = async (path: string, accept: string) => {
      const { status, headers } = await gatehouse.browser().get(path, { accept });
      return [status, headers['content-type'], /trusted-types/.test(`${headers['content-security-policy']}`)];
    };
    const page = 'text/html,application/xhtml+xml,*/*;q=0.8';
    expect(await ask('/nothing-here', page)).toEqual([404, 'text/html; charset=utf-8', true]);
    const told = [404, 'application/problem+json', false];
    expect(await ask('/api/v1/nothing', page)).toEqual(told);
    expect(await ask('/nothing-here', '*/*')).toEqual(told);
  });

  it('hold the sign-in pages to Trusted Types', async () => {
    expect((await gatehouse.browser().get('/signin')).headers['content-security-policy']).toContain(
      "require-trusted-types-for 'script'",
    );
  });

  it('include HSTS as soon as the deployment is reached over HTTPS', async () => {
    const secure = await startServer({
      env: { GATEHOUSE_PUBLIC_URL: 'https://id.example.com', SMTP_URL: 'smtp://localhost:2525' },
    });
    try {
      expect((await secure.browser().get('/health/live')).headers['strict-transport-security']).toMatch(
        /max-age=63072000; includeSubDomains/,
      );
      expect((await secure.browser().get('/dev/mail')).status).toBe(404);
    } finally {
      await secure.close();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mailboxLink } from '../../src/features/pages/index.ts';
import { startServer, type TestServer } from '../server.fixture.ts';
import { listenAnywhere, requestText, sendRaw } from './socket.fixture.ts';

const COOKIE = '__Secure-gh.dev-mail';

/** Mail that was not sent holds sign-in links: it is shown to whoever reads what the start prints, and to nobody else. */
describe('the development mailbox', () => {
  let gatehouse: TestServer;
  let key: string;
  beforeAll(async () => {
    gatehouse = await startServer({ env: { TRUSTED_PROXIES: '' } });
    key = keyIn(gatehouse);
    await gatehouse.server.deps.mailbox?.send(
      { to: 'ada@example.com', subject: 'Set your password', text: '#token=t', html: '' },
      'a-mail',
    );
  });
  afterAll(() => gatehouse.close());

  const keyIn = (server: TestServer) =>
    new URL(mailboxLink(server.server.deps) ?? '').hash.slice('#key='.length);
  const letIn = async () => {
    const browser = gatehouse.browser();
    expect((await browser.post('/dev/mail', { key })).status).toBe(204);
    return browser;
  };
  const open = (headers: Record<string, string>, remoteAddress = '127.0.0.1', cookie = '') =>
    gatehouse.server.app.inject({
      method: 'GET',
      url: '/dev/mail',
      headers: { ...headers, cookie },
      remoteAddress,
    });

  it('opens for the browser that followed the link of the start, and for no other', async () => {
    const browser = await letIn();
    const page = await browser.get('/dev/mail');
    expect(page.status).toBe(200);
    expect(page.text).toContain('ada@example.com');
    const other = await gatehouse.browser().get('/dev/mail');
    expect(other.status).toBe(404);
    expect(other.text).not.toContain('ada@example.com');
    expect(other.text).toContain('the link that the service printed');
  });

  it('makes links of what leads here, and of nothing that somebody wrote', async () => {
    const { publicUrl } = gatehouse.config;
    const foreign = ['https://evil.example/x', `${publicUrl}@evil.example/`, `${publicUrl}.evil.example/`];
    const own = `${publicUrl}/set-password#token=a&amp="x"`;
    const text = [...foreign, `at:${publicUrl}/signin`, own].join('\n');
    await gatehouse.server.deps.mailbox?.send({ to: 'a@example.com', subject: 'S', text, html: '' }, 'links');
    const page = await (await letIn()).get('/dev/mail');
    const links = [...page.text.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
    expect(links).toEqual([`${publicUrl}/set-password#token=a&#38;amp=&#34;x&#34;`]);
    for (const url of foreign) expect(page.text).toContain(url);
  });

  it('keeps the key out of every request line and of every script', async () => {
    const link = new URL(mailboxLink(gatehouse.server.deps) ?? '');
    expect(link.pathname + link.search).toBe('/dev/mail');
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    const answer = await gatehouse.browser().post('/dev/mail', { key });
    expect(answer.text).toBe('');
    expect(answer.cookies).toMatchObject([
      { name: COOKIE, httpOnly: true, secure: true, sameSite: 'Strict', path: '/dev/mail' },
    ]);
    expect(answer.cookies[0]?.value).not.toBe(key);
    expect((await gatehouse.browser().get('/api/v1/auth/options')).text).not.toContain(key);
  });

  it('refuses made-up keys and cookies', async () => {
    const browser = gatehouse.browser();
    for (const made of [
      '',
      'x',
      key.slice(1),
      `${key}A`,
      key.toLowerCase(),
      key.replace(/^./, (first) => (first === '_' ? 'A' : '_')),
    ]) {
      const answer = await browser.post('/dev/mail', { key: made });
      expect([answer.status, answer.cookies], made).toEqual([404, []]);
      expect((await open({ host: 'localhost' }, '127.0.0.1', `${COOKIE}=${made}`)).statusCode).toBe(404);
    }
    for (const body of [{}, { key: 1 }, { key: [key] }, { key, more: 1 }, { key: 'x'.repeat(5000) }])
      expect((await browser.post('/dev/mail', body)).status, JSON.stringify(body)).toBe(400);
    // The key of the link is no cookie.
    expect((await open({ host: 'localhost' }, '127.0.0.1', `${COOKIE}=${key}`)).statusCode).toBe(404);
  });

  it('stays open in that browser when the service starts again, while the link of the earlier start is spent', async () => {
    const browser = await letIn();
    const pass = `${COOKIE}=${browser.cookies.get(COOKIE)}`;
    // The same data folder is the same master key.
    const again = await startServer({ env: { TRUSTED_PROXIES: '' } });
    try {
      expect((await again.browser().get('/dev/mail', { cookie: pass })).status).toBe(200);
      expect((await again.browser().post('/dev/mail', { key })).status).toBe(404);
      expect(keyIn(again)).not.toBe(key);
    } finally {
      await again.close();
    }
  });

  it('is linked on this machine, also where others know the service by another name', async () => {
    const named = await startServer({
      env: {
        TRUSTED_PROXIES: '',
        GATEHOUSE_MODE: 'development',
        GATEHOUSE_PUBLIC_URL: 'http://192.0.2.7:4000',
      },
    });
    try {
      const { devMailUrl } = (await named.browser().get('/api/v1/auth/options')).body;
      expect(devMailUrl).toBe('http://localhost:4000/dev/mail');
      expect(mailboxLink(named.server.deps)).toBe(`http://localhost:4000/dev/mail#key=${keyIn(named)}`);
    } finally {
      await named.close();
    }
  });

  it('is not there for another machine, behind a proxy on this one, or for a name that was rebound to it', async () => {
    const pass = `${COOKIE}=${(await letIn()).cookies.get(COOKIE)}`;
    for (const host of ['localhost:4000', '127.0.0.1:4000', '[::1]:4000', 'gatehouse.localhost'])
      expect((await open({ host }, '127.0.0.1', pass)).statusCode, host).toBe(200);
    expect((await open({ host: 'localhost' }, '::1', pass)).statusCode).toBe(200);
    expect((await open({ host: 'localhost' }, '::ffff:127.0.0.1', pass)).statusCode).toBe(200);

    expect((await open({ host: 'localhost' }, '203.0.113.7', pass)).statusCode).toBe(404);
    for (const name of [
      'forwarded',
      'via',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-forwarded-prefix',
      'x-real-ip',
    ]) {
      for (const value of ['127.0.0.1', ''])
        expect((await open({ host: 'localhost', [name]: value }, '127.0.0.1', pass)).statusCode, name).toBe(
          404,
        );
    }
    for (const host of [
      'evil.example',
      'evil.example:4000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]) {
      expect((await open({ host }, '127.0.0.1', pass)).statusCode, host).toBe(404);
      expect((await gatehouse.browser().post('/dev/mail', { key }, { host })).status, host).toBe(404);
    }
  });

  // What nginx sends when nothing but `proxy_pass http://127.0.0.1:4000;` is configured: up to 1.29.6 HTTP/1.0, later
  // HTTP/1.1; the address that it calls as Host, and no header that tells of itself.
  it('gives strangers nothing through a proxy that cannot be told from a browser of this machine', async () => {
    const port = await listenAnywhere(gatehouse.server.app);
    for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
      for (const target of ['/dev/mail', '/api/v1/auth/options']) {
        const asked = requestText('GET', target)
          .replace('HTTP/1.1', version)
          .replace('Host: localhost', `Host: 127.0.0.1:${port}`);
        const answer = await sendRaw(port, asked);
        expect(answer.status, `${version} ${target}`).toBe(target === '/dev/mail' ? 404 : 200);
        expect(answer.head + answer.body).not.toContain(key);
        expect(answer.head + answer.body).not.toContain('ada@example.com');
      }
    }
  });
});

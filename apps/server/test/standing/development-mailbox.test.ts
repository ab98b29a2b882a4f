import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../server.fixture.ts';
import { listenAnywhere, requestText, sendRaw } from './socket.fixture.ts';

/** Mail that was not sent holds sign-in links: it is shown to whoever sits at the machine, and to nobody else. */
describe('the development mailbox', () => {
  let gatehouse: TestServer;
  beforeAll(async () => void (gatehouse = await startServer({ env: { TRUSTED_PROXIES: '' } })));
  afterAll(() => gatehouse.close());

  const open = (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
    gatehouse.server.app.inject({ method: 'GET', url: '/dev/mail', headers, remoteAddress });

  it('opens on the machine itself', async () => {
    for (const host of ['localhost:4000', '127.0.0.1:4000', '[::1]:4000', 'gatehouse.localhost'])
      expect((await open({ host })).statusCode, host).toBe(200);
    expect((await open({ host: 'localhost' }, '::1')).statusCode).toBe(200);
    expect((await open({ host: 'localhost' }, '::ffff:127.0.0.1')).statusCode).toBe(200);
  });

  it('is not there for another machine, behind a proxy on this one, or for a name that was rebound to it', async () => {
    expect((await open({ host: 'localhost' }, '203.0.113.7')).statusCode).toBe(404);
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
        expect((await open({ host: 'localhost', [name]: value })).statusCode, name).toBe(404);
    }
    for (const host of [
      'evil.example',
      'evil.example:4000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ])
      expect((await open({ host })).statusCode, host).toBe(404);
  });

  // What nginx sends when nothing but `proxy_pass http://localhost:4000` is configured: HTTP/1.0, and no header that tells.
  it('is not there behind a proxy that says nothing of itself but speaks HTTP/1.0', async () => {
    const port = await listenAnywhere(gatehouse.server.app);
    const text = requestText('GET', '/dev/mail');
    expect((await sendRaw(port, text)).status).toBe(200);
    expect((await sendRaw(port, text.replace('HTTP/1.1', 'HTTP/1.0'))).status).toBe(404);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../server.fixture.ts';

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
    for (const name of ['x-forwarded-for', 'forwarded', 'via'])
      expect((await open({ host: 'localhost', [name]: '127.0.0.1' })).statusCode, name).toBe(404);
    for (const host of [
      'evil.example',
      'evil.example:4000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ])
      expect((await open({ host })).statusCode, host).toBe(404);
  });
});

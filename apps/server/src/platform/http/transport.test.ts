import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer | undefined;
afterEach(() => gatehouse?.close());

const PRODUCTION = {
  GATEHOUSE_MODE: 'production',
  GATEHOUSE_PUBLIC_URL: 'https://id.corp.internal',
  GATEHOUSE_ADMIN_PASSWORD: 'Vb7-long-and-random',
  SMTP_URL: 'smtp://mail.corp.internal',
  HOST: '0.0.0.0',
  TRUSTED_PROXIES: '10.0.0.0/8',
};

const get = async (
  remoteAddress: string,
  headers: Record<string, string> = {},
  url = '/api/v1/auth/options',
) => (await gatehouse?.server.app.inject({ url, remoteAddress, headers }))?.statusCode;

describe('the plain port in production', () => {
  it('answers to the proxy that ends TLS and to nobody beside it', async () => {
    gatehouse = await startServer({ env: PRODUCTION });
    expect(await get('10.1.2.3')).toBe(200);
    expect(await get('127.0.0.1')).toBe(200);
    expect(await get('::1')).toBe(200);
    for (const stranger of ['203.0.113.7', '192.168.0.9', '2001:db8::7', '::ffff:203.0.113.7'])
      expect(await get(stranger), stranger).toBe(403);
    // What a stranger says of itself changes nothing.
    expect(await get('203.0.113.7', { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.1.2.3' })).toBe(
      403,
    );
    const answer = await gatehouse.server.app.inject({ url: '/signin', remoteAddress: '203.0.113.7' });
    expect(answer.json()).toMatchObject({ code: 'transport.insecure' });
    expect(answer.body).toContain('https://id.corp.internal');
  });

  it('refuses what the proxy itself took over plain HTTP', async () => {
    gatehouse = await startServer({ env: PRODUCTION });
    expect(await get('10.1.2.3', { 'x-forwarded-proto': 'https' })).toBe(200);
    expect(await get('10.1.2.3', { 'x-forwarded-proto': 'http, https' })).toBe(200);
    for (const proto of ['http', 'https, http', 'HTTP', '', 'ws'])
      expect(await get('10.1.2.3', { 'x-forwarded-proto': proto }), proto).toBe(403);
  });

  it('answers probes from anywhere, and takes no other path for one', async () => {
    gatehouse = await startServer({ env: PRODUCTION });
    expect(await get('192.168.0.9', {}, '/health/live')).toBe(200);
    expect(await get('192.168.0.9', {}, '/health/ready')).toBe(200);
    for (const path of ['/health/../api/v1/auth/options', '/health/%2e%2e/api/v1/auth/options', '/healthy'])
      expect([403, 404], path).toContain(await get('192.168.0.9', {}, path));
  });

  it('is not there in development, where there is no proxy', async () => {
    gatehouse = await startServer();
    expect(await get('203.0.113.7')).toBe(200);
  });
});

import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { clientAddress } from '../../src/platform/http/index.ts';
import { startServer, type TestServer } from '../server.fixture.ts';

const PROXY = '10.0.0.1';
const TRUSTED = ['10.0.0.0/8', '2001:db8::/32'];

/** What an attacker, a proxy and a chain of proxies write, and whom each must stand for. */
const FORMS: [header: string | undefined, client: string][] = [
  [undefined, PROXY],
  ['', PROXY],
  ['203.0.113.7', '203.0.113.7'],
  // The leftmost is what the client wrote itself (CVE-2026-111934).
  ['127.0.0.1, 203.0.113.7', '203.0.113.7'],
  ['10.9.9.9, 203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.0.0.2', '203.0.113.7'],
  ['127.0.0.1, 203.0.113.7, 10.0.0.3, 10.0.0.2', '203.0.113.7'],
  ['198.51.100.1,203.0.113.7', '203.0.113.7'],
  ['  203.0.113.7  ', '203.0.113.7'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db9::7]:4711', '2001:db9::7'],
  ['2001:db9::7', '2001:db9::7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
  ['fe80::1%eth0', 'fe80::1'],
  // A hop that is no address was not written by a proxy of ours.
  ['unknown', PROXY],
  ['203.0.113.7, unknown', PROXY],
  ['203.0.113.7, ', PROXY],
  [', , ,', PROXY],
  ['203.0.113.7;10.0.0.2', PROXY],
  ['for=203.0.113.7', PROXY],
  ['localhost', PROXY],
  ['999.1.1.1', PROXY],
  ['203.0.113', PROXY],
  ['0x7f.1', PROXY],
  ['2130706433', PROXY],
  ["203.0.113.7' or 1=1", PROXY],
  ['::::', PROXY],
  ['a.b.c.d', PROXY],
  ['10.0.0.9', PROXY],
  ['10.0.0.9, 10.0.0.8', PROXY],
];

const message = (peer: string, header: string | string[] | undefined) =>
  ({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': header } }) as unknown as IncomingMessage;

describe('the client address', () => {
  it('is the rightmost hop that is no trusted proxy, in every form of the header [threat 49]', () => {
    expect(FORMS.length).toBeGreaterThan(20);
    for (const [header, client] of FORMS) {
      expect(clientAddress(message(PROXY, header), TRUSTED), header).toBe(client);
      // The proxy's address in IPv6 form is the same proxy.
      const mapped = clientAddress(message(`::ffff:${PROXY}`, header), TRUSTED);
      expect(mapped, header).toBe(client);
    }
    expect(clientAddress(message(PROXY, ['127.0.0.1', '203.0.113.7']), TRUSTED)).toBe('203.0.113.7');
  });

  it('is the peer itself where no proxy is trusted, or the peer is none of them [threat 50]', () => {
    for (const [header] of FORMS) {
      expect(clientAddress(message('203.0.113.9', header), TRUSTED), header).toBe('203.0.113.9');
      expect(clientAddress(message(PROXY, header), []), header).toBe(PROXY);
    }
  });

  describe('over HTTP', () => {
    let gatehouse: TestServer | undefined;
    afterEach(async () => {
      await gatehouse?.close();
      gatehouse = undefined;
    });

    const FORGED: Record<string, string>[] = [
      { 'x-forwarded-for': '198.51.100.1' },
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-real-ip': '198.51.100.2' },
      { forwarded: 'for=198.51.100.3' },
      { 'x-client-ip': '198.51.100.4' },
      { 'cf-connecting-ip': '198.51.100.5' },
      { 'true-client-ip': '198.51.100.6' },
      { 'x-cluster-client-ip': '198.51.100.7' },
    ];
    const attempt = (server: TestServer, headers: Record<string, string>) =>
      server
        .browser({ origin: undefined })
        .post('/api/v1/auth/check-method', { email: 'a@example.com' }, headers);

    it('cannot be chosen by a stranger: forged headers get no bucket of their own and do not enter the records [threat 49] [threat 50]', async () => {
      gatehouse = await startServer({
        env: { TRUSTED_PROXIES: '', RATE_LIMIT_AUTH_PER_MINUTE: String(FORGED.length) },
      });
      for (const headers of FORGED) expect((await attempt(gatehouse, headers)).status).toBe(200);
      for (const headers of FORGED)
        expect((await attempt(gatehouse, headers)).status, JSON.stringify(headers)).toBe(429);
      await gatehouse
        .browser()
        .post('/api/v1/auth/login', { email: 'x@example.com', password: 'Wrong-1' }, FORGED[0]);
      const seen = await gatehouse.sql<{ context: string }>(
        `select context::text || coalesce(personal::text, '') as context from gatehouse.audit_records where action = 'failed_login'`,
      );
      expect(seen).toHaveLength(1);
      expect(JSON.stringify(seen)).not.toContain('198.51.100.');
    });

    it('that nobody knows is one bucket for all, and no way past the limiter [threat 54]', async () => {
      gatehouse = await startServer({ env: { RATE_LIMIT_AUTH_PER_MINUTE: '4' } });
      const { app } = gatehouse.server;
      const statuses: number[] = [];
      for (const remoteAddress of ['unknown', 'x', 'pipe:1', '?', 'other', 'last']) {
        const answer = await app.inject({
          method: 'POST',
          url: '/api/v1/auth/check-method',
          payload: { email: 'a@example.com' },
          remoteAddress,
        });
        statuses.push(answer.statusCode);
      }
      expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    });

    it('behind a trusted proxy is counted by its own hop, whatever the client wrote before it [threat 49]', async () => {
      gatehouse = await startServer({
        env: { TRUSTED_PROXIES: '127.0.0.1', RATE_LIMIT_AUTH_PER_MINUTE: '3' },
      });
      for (let i = 0; i < 3; i += 1)
        expect((await attempt(gatehouse, { 'x-forwarded-for': `198.51.100.${i}, 203.0.113.7` })).status).toBe(
          200,
        );
      expect((await attempt(gatehouse, { 'x-forwarded-for': '198.51.100.9, 203.0.113.7' })).status).toBe(429);
      expect((await attempt(gatehouse, { 'x-forwarded-for': '198.51.100.9, 203.0.113.8' })).status).toBe(200);
    });
  });
});

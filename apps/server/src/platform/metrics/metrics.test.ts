import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/index.ts';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';
import { METRICS } from './definitions.ts';
import { type MetricsServer, startMetricsServer } from './metrics-server.ts';
import type { Snapshot } from './metrics.ts';

const TOKEN = 'b7d1c0e49f3a5826b7d1c0e4';

let gatehouse: TestServer;
let server: MetricsServer;
let url: string;
let fault: Error | undefined;
beforeAll(async () => {
  gatehouse = await startServer({ env: { METRICS_PORT: '9', RATE_LIMIT_AUTH_PER_MINUTE: '40' } });
  const read = async (): Promise<Snapshot[]> => {
    if (fault !== undefined) throw fault;
    return [await gatehouse.server.metrics.snapshot()];
  };
  server = await startMetricsServer({
    port: 0,
    host: '127.0.0.1',
    token: TOKEN,
    read,
    onError: () => undefined,
  });
  url = `http://127.0.0.1:${server.port}/metrics`;
});
afterAll(async () => {
  await server.close();
  await gatehouse.close();
});

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
async function look(): Promise<Map<string, number>> {
  const answer = await fetch(url, as(TOKEN));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const series = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    series.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}
const requests = (method: string, route: string, status: number) =>
  `gatehouse_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`;

describe('metrics', () => {
  it('count requests by route template and status, sign-ins by outcome, sessions, renewals and refusals', async () => {
    const before = await look();
    const browser = gatehouse.browser({ ip: '203.0.113.7' });
    await browser.post('/api/v1/auth/login', { ...ADMIN, password: 'Wrong-Pass-1' });
    await browser.post('/api/v1/auth/login', ADMIN);
    await browser.post('/api/v1/auth/refresh');
    await gatehouse.browser().post('/api/v1/auth/refresh');
    for (let count = 0; count < 41; count += 1)
      await gatehouse
        .browser({ ip: '203.0.113.9' })
        .post('/api/v1/auth/check-method', { email: 'a@example.com' });
    const after = await look();
    const grew = (series: string) => (after.get(series) ?? 0) - (before.get(series) ?? 0);
    expect(grew(requests('POST', '/api/v1/auth/login', 401))).toBe(1);
    expect(grew(requests('POST', '/api/v1/auth/login', 200))).toBe(1);
    expect(grew('gatehouse_sign_ins_total{outcome="failed"}')).toBe(1);
    expect(grew('gatehouse_sign_ins_total{outcome="accepted"}')).toBe(1);
    expect(grew('gatehouse_sessions_opened_total')).toBe(1);
    expect(grew('gatehouse_renewals_total{outcome="renewed"}')).toBe(1);
    expect(grew('gatehouse_renewals_total{outcome="expired"}')).toBe(1);
    expect(grew('gatehouse_limits_refused_total{group="check-method"}')).toBe(1);
    expect(grew('gatehouse_hashes_total')).toBeGreaterThanOrEqual(2);
  });

  it('say how much waits: mail, records to seal, connections, hashes; and how old what is followed is', async () => {
    const admin = await gatehouse.admin();
    await gatehouse.deliverMail();
    await gatehouse.server.deps.sealing.run();
    const empty = await look();
    expect(empty.get('gatehouse_outbox_waiting')).toBe(0);
    expect(empty.get('gatehouse_outbox_oldest_seconds')).toBe(0);
    expect(empty.get('gatehouse_audit_unsealed')).toBe(0);

    await admin.post('/api/v1/users', { email: 'ada@example.com', name: 'Ada' });
    gatehouse.clock.advance({ minutes: 5 });
    const waiting = await look();
    expect(waiting.get('gatehouse_outbox_waiting')).toBe(1);
    expect(waiting.get('gatehouse_outbox_oldest_seconds')).toBe(300);
    expect(waiting.get('gatehouse_audit_unsealed')).toBeGreaterThan(0);
    expect(waiting.get('gatehouse_audit_unsealed_oldest_seconds')).toBe(300);
    expect(waiting.get('gatehouse_database_away')).toBe(0);
    expect(waiting.get('gatehouse_database_waiting')).toBe(0);
    expect(waiting.get('gatehouse_hash_queue')).toBe(0);
    expect(waiting.get('gatehouse_revocation_watch_age_seconds')).toBeGreaterThan(0);
    expect(waiting.get('gatehouse_event_loop_lag_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
    expect(waiting.get('gatehouse_process_resident_bytes')).toBeGreaterThan(10_000_000);

    await gatehouse.deliverMail();
    expect((await look()).get('gatehouse_mails_total{outcome="delivered"}')).toBeGreaterThanOrEqual(1);
  });

  it('have the names and labels that are documented, all of them, and no others', async () => {
    const page = await (await fetch(url, as(TOKEN))).text();
    const told = [...page.matchAll(/^# TYPE (\S+ \S+)$/gm)].map(([, metric]) => metric);
    expect(new Set(told)).toEqual(
      new Set(Object.entries(METRICS).map(([name, { type }]) => `${name} ${type}`)),
    );
    for (const [, series = '', labels = ''] of page.matchAll(/^([a-z_]+)\{([^}]*)\} /gm)) {
      const metric = Object.entries(METRICS).find(
        ([name]) => series.replace(/_(bucket|sum|count)$/, '') === name || series === name,
      );
      const allowed: readonly string[] = [...(metric?.[1].labels ?? []), 'le'];
      const names = [...labels.matchAll(/([a-z]+)="/g)]
        .map(([, name]) => name ?? '')
        .filter((name) => !allowed.includes(name));
      expect(names, series).toEqual([]);
    }
  });

  it('grow by no series that a caller makes up, and name nobody', async () => {
    const before = await look();
    const uuid = '0190f0a0-0000-7000-8000-00000000000';
    for (let count = 0; count < 10; count += 1) {
      const headers = {
        traceparent: `made-up-${count}`,
        'user-agent': `agent ${count}`,
        host: `h${count}.example`,
      };
      const browser = gatehouse.browser();
      await browser.get(`/nowhere/${count}?q=${count}`, headers);
      await browser.get(`/api/v1/tenants/${uuid}${count}/users`, headers);
      await browser.request({ method: 'PROPFIND', url: `/x${count}`, headers });
      await browser.post(
        '/api/v1/auth/login',
        { email: `nobody${count}@example.com`, password: 'Wrong-Pass-1' },
        headers,
      );
    }
    const after = await look();
    const fresh = [...after.keys()].filter((series) => !before.has(series) && series.includes('_count'));
    expect(fresh.length).toBeLessThanOrEqual(4);
    const page = [...after.keys()].join('\n');
    expect(page).not.toMatch(/@example|nowhere|made-up|agent|0190f0a0|203\.0\.113/);
    expect(page).toContain('route="none"');
  });
});

describe('the port of the metrics', () => {
  it('answers to the bearer of the token and to nobody else', async () => {
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer ' },
      { authorization: `Bearer ${TOKEN}x` },
      { authorization: `Bearer ${TOKEN.slice(1)}` },
      { authorization: `Basic ${TOKEN}` },
      { authorization: TOKEN },
      { authorization: `Bearer ${'a'.repeat(10_000)}` },
      { cookie: `token=${TOKEN}` },
    ]) {
      const answer = await fetch(`${url}?token=${TOKEN}`, { headers: headers as Record<string, string> });
      expect(answer.status, JSON.stringify(headers).slice(0, 60)).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await answer.text()).not.toContain('gatehouse_');
    }
    expect((await fetch(url, as(TOKEN))).status).toBe(200);
  });

  it('has nothing but the one page, and says so', async () => {
    for (const path of ['/', '/metrics/', '/metrics/..', '/health/live', '/api/v1/auth/me', '//metrics'])
      expect((await fetch(`${new URL(url).origin}${path}`, as(TOKEN))).status, path).toBe(404);
    expect((await fetch(url, { method: 'POST', body: 'x', ...as(TOKEN) })).status).toBe(405);
    const head = await fetch(url, { method: 'HEAD', ...as(TOKEN) });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('cache-control')).toBe('no-store');
  });

  it('says no more than that it cannot, when it cannot', async () => {
    fault = new Error('a secret reason');
    const answer = await fetch(url, as(TOKEN));
    fault = undefined;
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret reason');
  });

  it('is not part of what the world reaches', async () => {
    const admin = await gatehouse.admin();
    for (const path of ['/metrics', '/metrics/', '/api/v1/metrics']) {
      const answer = await admin.get(path);
      expect(answer.text, path).not.toContain('gatehouse_http');
    }
  });

  it('that is taken is an error', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const nothing = { token: undefined, read: async () => [], onError: () => undefined };
    await expect(startMetricsServer({ port, host: '127.0.0.1', ...nothing })).rejects.toThrow('EADDRINUSE');
    other.close();
  });
});

describe('what is written about metrics', () => {
  it.each(['docs/guides/observing.md', 'deploy/prometheus/gatehouse.rules.yml'])(
    'in %s speaks of metrics that there are, by labels that they have',
    (file) => {
      const text = readFileSync(new URL(`../../../../../${file}`, import.meta.url), 'utf8');
      const named = [...text.matchAll(/\b(gatehouse_[a-z_]+)(?:\{([^}]*)\})?/g)].filter(
        ([, name]) => name !== 'gatehouse_test',
      );
      expect(named.length).toBeGreaterThan(8);
      for (const [, name = '', selector = ''] of named) {
        const base = name.replace(/_(bucket|count|sum)$/, '');
        const metric = Object.entries(METRICS).find(([known]) => known === name || known === base)?.[1];
        expect(metric, name).toBeDefined();
        for (const [, label = ''] of selector.matchAll(/([a-z]+)\s*(?:=|!=|=~|!~)"/g))
          expect(metric?.labels as readonly string[] | undefined, `${name} ${label}`).toContain(label);
      }
    },
  );
});

describe('the settings of the metrics', () => {
  const faults = (env: Record<string, string>) => {
    try {
      parseConfig(env, '/tmp');
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('let nobody in from elsewhere without a token, and take no weak one', () => {
    for (const METRICS_HOST of ['0.0.0.0', '::', '10.0.0.5', 'metrics.example.com'])
      expect(faults({ METRICS_PORT: '9100', METRICS_HOST })).toContain('METRICS_TOKEN');
    for (const METRICS_HOST of ['127.0.0.1', '127.1.2.3', 'localhost', '::1'])
      expect(faults({ METRICS_PORT: '9100', METRICS_HOST })).toBe('');
    expect(faults({ METRICS_PORT: '9100', METRICS_HOST: '0.0.0.0', METRICS_TOKEN: TOKEN })).toBe('');
    expect(faults({ METRICS_PORT: '9100', METRICS_TOKEN: 'short' })).toContain('METRICS_TOKEN');
    expect(faults({ METRICS_PORT: '9100', METRICS_TOKEN: `${TOKEN} ` })).toContain('METRICS_TOKEN');
    expect(faults({ METRICS_PORT: '4000' })).toContain('METRICS_PORT');
    expect(faults({ METRICS_PORT: '0' })).toContain('METRICS_PORT');
  });
});

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, tokenIn, type TestServer } from '../../../test/server.fixture.ts';
import { statementNameOf } from './statement-name.ts';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Record<string, unknown> }[];
  status: { code?: number; message?: string };
  events?: unknown[];
}

/** An OpenTelemetry collector as far as OTLP over HTTP goes: takes spans, or refuses them. */
async function startCollector() {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const heads: IncomingHttpHeaders[] = [];
  const state = { status: 200 };
  const take = async (request: IncomingMessage, reply: ServerResponse) => {
    const body = await text(request);
    if (request.url !== '/v1/traces' || request.method !== 'POST') {
      reply.writeHead(404).end();
      return;
    }
    heads.push(request.headers);
    if (state.status === 200) {
      bodies.push(body);
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
      };
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    }
    reply.writeHead(state.status, { 'content-type': 'application/json' }).end('{}');
  };
  const server = createServer((request, reply) => void take(request, reply));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    spans,
    bodies,
    heads,
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

let collector: Awaited<ReturnType<typeof startCollector>>;
let gatehouse: TestServer;
beforeAll(async () => {
  collector = await startCollector();
  gatehouse = await startServer({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=k%20ey,x-other=1',
      OTEL_SERVICE_NAME: 'gatehouse-test',
    },
  });
});
afterEach(() => {
  collector.state.status = 200;
});
afterAll(async () => {
  await gatehouse.close();
  await collector.close();
});

const attributesOf = ({ attributes }: Span) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** The spans of a trace, as soon as the one that ends last is among them: they are handed over as they end. */
async function trace(traceId: string, last: string): Promise<Span[]> {
  const of = () => collector.spans.filter((span) => span.traceId === traceId);
  await expect.poll(() => of().some(({ name }) => name === last || name.startsWith(`${last} `))).toBe(true);
  return of();
}

describe('a trace', () => {
  it('has the request below the span of the caller, and statements and the hash below the request', async () => {
    const answer = await gatehouse
      .browser()
      .post('/api/v1/auth/login', ADMIN, { traceparent: `00-${TRACE}-${PARENT}-01` });
    expect(answer.status).toBe(200);
    const spans = await trace(TRACE, 'POST /api/v1/auth/login');
    const [request] = spans.filter(({ name }) => name === 'POST /api/v1/auth/login');
    expect(request?.parentSpanId).toBe(PARENT);
    // SERVER
    expect(request?.kind).toBe(2);
    expect(attributesOf(request as Span)).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/v1/auth/login',
      'http.response.status_code': 200,
    });
    const names = spans.map(({ name }) => name);
    for (const name of ['SELECT find_login', 'password hash', 'BEGIN', 'INSERT sessions', 'COMMIT'])
      expect(names).toContain(name);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const lost = spans.filter((span) => span !== request && !ids.has(span.parentSpanId ?? ''));
    expect(lost.map(({ name }) => name)).toEqual([]);
    expect(collector.heads.at(-1)).toMatchObject({ 'x-api-key': 'k ey', 'x-other': '1' });
    expect(collector.bodies.at(-1)).toContain('"gatehouse-test"');
  });

  it('begins with the correlation id where the caller says none, or nonsense', async () => {
    for (const traceparent of [
      undefined,
      'nonsense',
      `00-${'0'.repeat(32)}-${PARENT}-01`,
      `ff-${TRACE}-${PARENT}-01`,
    ]) {
      const answer = await gatehouse
        .browser()
        .get('/api/v1/nowhere', traceparent === undefined ? {} : { traceparent });
      const id = String(answer.body.correlationId);
      const spans = await trace(id, 'GET none');
      expect(spans).toHaveLength(1);
      expect(spans[0]?.parentSpanId ?? '').toBe('');
    }
  });

  it('goes on where a mail is delivered, in the trace of the request that caused it', async () => {
    const admin = await gatehouse.admin();
    const traceId = 'a3ce929d0e0e47364bf92f3577b34da6';
    await admin.post(
      '/api/v1/users',
      { email: 'grace@example.com', name: 'Grace' },
      { traceparent: `00-${traceId}-${PARENT}-01` },
    );
    const [{ span_id: spanId } = { span_id: null }] = await gatehouse.sql<{ span_id: string | null }>(
      'select span_id from gatehouse.outbox where correlation_id = $1',
      [traceId],
    );
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    await gatehouse.deliverMail();
    const spans = await trace(traceId, 'deliver');
    const deliver = spans.find(({ name }) => name.startsWith('deliver '));
    expect(deliver?.parentSpanId).toBe(spanId);
    expect(spans.find(({ name }) => name === 'mail hand over')?.parentSpanId).toBe(deliver?.spanId);
    expect(spans.map(({ spanId: id }) => id)).toContain(spanId);
  });

  it('names a fault by its kind alone', async () => {
    const traceId = 'b3ce929d0e0e47364bf92f3577b34da6';
    const admin = await gatehouse.admin();
    await gatehouse.sql(
      'alter table gatehouse.users add constraint none_more check (name <> $$Nobody$$) not valid',
    );
    const answer = await admin.post(
      '/api/v1/users',
      { email: 'nobody@example.com', name: 'Nobody' },
      { traceparent: `00-${traceId}-${PARENT}-01` },
    );
    await gatehouse.sql('alter table gatehouse.users drop constraint none_more');
    expect(answer.status).toBe(500);
    const spans = await trace(traceId, 'POST /api/v1/users');
    const failed = spans.filter(({ status }) => status.code === 2);
    expect(failed.map((span) => attributesOf(span)['error.type'])).toEqual(
      expect.arrayContaining(['23514', '500']),
    );
    for (const { status, events } of spans) expect([status.message ?? '', events ?? []]).toEqual(['', []]);
  });

  it('holds no address, name, id, secret, path or query of anybody, whatever is done', async () => {
    const browser = gatehouse.browser({ userAgent: 'Secret-Agent/7', ip: '203.0.113.77' });
    const secret = 'Very-Secret-Pass-1';
    await browser.post('/api/v1/auth/register', {
      email: 'hedy@example.com',
      password: secret,
      name: 'Hedy Lamarr',
      tenantName: 'Frequency Hopping',
    });
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    await browser.post('/api/v1/auth/login', { email: 'hedy@example.com', password: secret });
    await browser.post('/api/v1/auth/login', { email: 'hedy@example.com', password: 'Wrong-Secret-1' });
    await browser.get('/api/v1/users?search=hedy%40example.com&secret=qqqqqqqq');
    await browser.get('/api/v1/tenants/0190f0a0-0000-7000-8000-000000000001/users');
    await browser.post('/api/v1/auth/email/confirm', { token });
    await browser.request({ method: 'POST', url: '/api/v1/auth/login', payload: '{"email": "hedy' });
    const cookies = [...browser.cookies.values()];
    await browser.post('/api/v1/auth/logout');
    await gatehouse.server.deps.traces.close();
    const sent = collector.bodies.join('\n');
    for (const each of [
      secret,
      token,
      ...cookies,
      ...cookies.flatMap((value) => value.split('.')).filter((part) => part.length > 8),
    ])
      expect(sent).not.toContain(each);
    expect(sent).not.toMatch(
      /hedy|lamarr|frequency|secret-agent|203\.0\.113|qqqqqqqq|0190f0a0|Wrong-Secret/i,
    );
    const words = new Set(collector.spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)));
    expect([...words].sort()).toEqual([
      'db.collection.name',
      'db.operation.name',
      'db.system.name',
      'error.type',
      'http.request.method',
      'http.response.status_code',
      'http.route',
      'messaging.operation.type',
    ]);
  });
});

describe('a share of the traces', () => {
  const begun = (traceId: string, flag: string) => ({ traceparent: `00-${traceId}-${PARENT}-${flag}` });
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

  it('is kept whatever trace id and flag a caller chooses, whole, and drawn again for one that is used again', async () => {
    const own = await startCollector();
    const half = await startServer({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: own.url, TRACE_SAMPLE_PERCENT: '50' },
    });
    // By the usual rule, a share of the numbers that ids are, all of the one kind would be kept and all of the other dropped.
    const ids = (first: string) => Array.from({ length: 40 }, (_, n) => first + hex(n + 1, 24));
    const [low, high] = [ids('00000000'), ids('ffffffff')];
    const ask = (traceId: string, flag: string) =>
      half.browser().post('/api/v1/auth/check-method', { email: ADMIN.email }, begun(traceId, flag));
    for (const [n, id] of [...low, ...high].entries()) await ask(id, n % 2 === 0 ? '00' : '01');
    // One each time, and as many windows.
    const again = 'c3ce929d0e0e47364bf92f3577b34da6';
    for (let n = 0; n < 24; n += 1) {
      await half.browser().get('/api/v1/nowhere', begun(again, '01'));
      half.clock.advance({ minutes: 10 });
    }
    await half.server.deps.traces.close();
    const requests = own.spans.filter(({ name }) => name === 'POST /api/v1/auth/check-method');
    for (const kind of [low, high]) {
      const kept = requests.filter(({ traceId }) => kind.includes(traceId));
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(kind.length);
      for (const { traceId, spanId, parentSpanId } of kept) {
        expect(parentSpanId).toBe(PARENT);
        const names = own.spans
          .filter((span) => span.traceId === traceId && span.spanId !== spanId)
          .map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(['BEGIN', 'INSERT rate_limits', 'COMMIT']));
      }
    }
    const traced = new Set(requests.map(({ traceId }) => traceId));
    for (const { traceId } of own.spans) expect(traceId === again || traced.has(traceId)).toBe(true);
    const drawn = own.spans.filter(({ traceId }) => traceId === again).length;
    expect(drawn).toBeGreaterThan(0);
    expect(drawn).toBeLessThan(24);
    await half.close();
    await own.close();
  });
});

describe('a collector that is away, refuses or is slow', () => {
  it('costs no request anything', async () => {
    const away = await startCollector();
    away.state.status = 503;
    const other = await startServer({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: away.url } });
    expect((await other.browser().get('/health/ready')).status).toBe(200);
    await expect.poll(() => away.heads.length).toBeGreaterThan(0);
    await away.close();
    const from = performance.now();
    for (let count = 0; count < 20; count += 1)
      expect((await other.browser().get('/health/ready')).status).toBe(200);
    expect(performance.now() - from).toBeLessThan(5000);
    await other.close();
  });
});

describe('the name of a statement', () => {
  it('is its first word and its table or function, and nothing that it was given', () => {
    for (const [statement, operation, target] of [
      ['select "id" from "gatehouse"."users" where "email" = $1', 'SELECT', 'users'],
      ['select tenant_id from gatehouse.find_login($1)', 'SELECT', 'find_login'],
      ['select gatehouse.seal_audit_records($1, $2)', 'SELECT', 'seal_audit_records'],
      ['insert into "gatehouse"."sessions" ("id") values ($1)', 'INSERT', 'sessions'],
      ['update gatehouse.outbox o set claimed_until = $1', 'UPDATE', 'outbox'],
      ['delete from "gatehouse"."outbox"', 'DELETE', 'outbox'],
      ["begin; set local gatehouse.tenant_id = '0190f0a0-0000-7000-8000-000000000001'", 'BEGIN', undefined],
      ['commit', 'COMMIT', undefined],
      ["with x as (select 'Secret' from users) update a set b = 1", 'UPDATE', 'users'],
      ["'); drop table users; --", 'OTHER', undefined],
      ['', 'OTHER', undefined],
    ] as const) {
      const name = statementNameOf(statement);
      expect(name.operation, statement).toBe(operation);
      expect(name.target, statement).toBe(target);
      expect(JSON.stringify(name)).not.toMatch(/Secret|0190f0a0/);
    }
  });
});

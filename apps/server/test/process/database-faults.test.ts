import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TenantId } from '../../src/platform/ids.ts';
import { addTenant } from '../people.fixture.ts';
import { addPerson, type Person } from '../standing/people.fixture.ts';
import { ADMIN, type Cluster, startCluster } from './cluster.fixture.ts';
import { type Sent, send, steadyLoad } from './load.fixture.ts';

/** A request is answered within this after the database has gone: docs/guides/production.md says three seconds. */
const BOUND_MS = 3000;
/** What a busy machine may take longer; a request that hangs would take fifteen seconds. */
const SLACK_MS = 5000;
/** A stop takes no longer, whatever does not answer: docs/guides/production.md. */
const STOP_MS = 30_000;
/** How long what a session is worth is remembered (ADR 0004). */
const REMEMBERED_MS = 500;

let cluster: Cluster;
let url: string;
let tenantId: TenantId;
let admin: Person;
beforeAll(async () => {
  // Two connections: two hundred may wait for them.
  cluster = await startCluster([0], { DATABASE_POOL_SIZE: '2' });
  [url = ''] = cluster.urls;
  tenantId = await addTenant(cluster.seed);
  admin = await addPerson(cluster.seed, tenantId, ['admin']);
});
const loads: ReturnType<typeof steadyLoad>[] = [];
const load = (perSecond: number, one: () => Promise<Sent>) => {
  const started = steadyLoad(perSecond, one);
  loads.push(started);
  return started;
};
afterEach(async () => {
  cluster.database.resume();
  await Promise.all(loads.splice(0).map((each) => each.stop()));
});
afterAll(() => cluster.stop());

const as = (token: string) => ({ authorization: `Bearer ${token}` });
let added = 0;
const write = () =>
  send(`${url}/api/v1/users`, {
    method: 'POST',
    headers: as(admin.token),
    body: { email: `user${(added += 1)}@example.com`, name: 'Somebody' },
  });
const me = () => send(`${url}/api/v1/auth/me`, { headers: as(admin.token) });
const ready = async () => (await send(`${url}/health/ready`)).status;
const cookiesOf = (answer: Sent) => (answer.setCookie ?? []).map((line) => line.split(';')[0]).join('; ');

/** A browser that is signed in by cookies. */
async function signIn() {
  const post = (path: string, cookie: string, body: object = {}) =>
    send(`${url}/api/v1/auth/${path}`, {
      method: 'POST',
      headers: { origin: url, ...(cookie !== '' && { cookie }) },
      body,
    });
  const entered = await post('login', '', ADMIN);
  expect(entered.status, entered.body).toBe(200);
  return { renew: () => post('refresh', cookiesOf(entered)), login: () => post('login', '', ADMIN) };
}

/** What each request of a load may be answered with while the database comes and goes. */
async function checkAnswers(reads: Sent[], writes: Sent[]): Promise<void> {
  for (const { status, took, retryAfter, body } of [...reads, ...writes]) {
    expect([200, 201, 503], body).toContain(status);
    expect(took, `${status}`).toBeLessThan(BOUND_MS + SLACK_MS);
    if (status !== 503) continue;
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(body).toContain('"service.unavailable"');
  }
  const acknowledged = writes
    .filter(({ status }) => status === 201)
    .map(({ body }) => (JSON.parse(body) as { id: string }).id);
  expect(acknowledged.length).toBeGreaterThan(0);
  const kept = await cluster.seed.sql<{ id: string }>('select id from gatehouse.users where tenant_id = $1', [
    tenantId,
  ]);
  const ids = new Set(kept.map(({ id }) => id));
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  const records = await cluster.seed.sql<{ id: string }>(
    `select resource_id as id from gatehouse.audit_records where tenant_id = $1 and action = 'user_created'`,
    [tenantId],
  );
  const recorded = new Set(records.map(({ id }) => id));
  expect(acknowledged.filter((id) => !recorded.has(id))).toEqual([]);
}

async function until(what: () => Promise<boolean>): Promise<number> {
  const from = performance.now();
  while (!(await what())) await delay(20);
  return performance.now() - from;
}

describe('a database that hangs under load', () => {
  it('is answered with 503 and Retry-After within seconds, signs nobody out, and is served again by itself', async () => {
    const browser = await signIn();
    const reads = load(300, me);
    const writes = load(30, write);
    await until(async () => (await me()).status === 200);
    await delay(500);
    cluster.database.pause();
    const paused = performance.now();
    expect(await until(async () => (await ready()) === 503)).toBeLessThan(BOUND_MS + SLACK_MS);
    expect((await send(`${url}/health/live`)).status).toBe(200);

    const renewal = await browser.renew();
    expect([renewal.status, renewal.setCookie]).toEqual([503, undefined]);
    expect((await browser.login()).status).toBe(503);

    // Nothing piles up behind a database that is known to be away.
    const crowd = await Promise.all(Array.from({ length: 1000 }, me));
    expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([503]));
    const alone = await me();
    expect([alone.status, alone.took < 500]).toEqual([503, true]);

    cluster.database.resume();
    expect(await until(async () => (await ready()) === 200)).toBeLessThan(5000);
    expect((await browser.renew()).status).toBe(200);
    await until(async () => (await write()).status === 201);
    const [read, written] = [await reads.stop(), await writes.stop()];
    await checkAnswers(read.sent, written.sent);
    // Sent when what was remembered is too old, and well before the database came back.
    const beyond = read.sent.filter(
      ({ at, status }) => at > paused + REMEMBERED_MS + 100 && at < paused + 1500 && status === 200,
    );
    expect(beyond).toEqual([]);
  });

  it('holds up no more requests than may wait, however many come before it is known to hang', async () => {
    await until(async () => (await me()).status === 200);
    cluster.database.pause();
    try {
      await delay(REMEMBERED_MS + 100);
      const crowd = await Promise.all(Array.from({ length: 600 }, write));
      expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([503]));
      const atOnce = crowd.filter(({ took }) => took < 1500).length;
      expect(atOnce).toBeGreaterThan(300);
      expect(Math.max(...crowd.map(({ took }) => took))).toBeLessThan(BOUND_MS + SLACK_MS);
    } finally {
      cluster.database.resume();
    }
    await until(async () => (await ready()) === 200);
  });
});

describe.each([
  ['breaks down', 'crash'],
  ['is restarted', 'restart'],
] as const)('a database that %s under load', (_what, fault) => {
  it('is answered with 503 until it is back, and loses nothing that was acknowledged', async () => {
    const browser = await signIn();
    const reads = load(300, me);
    const writes = load(30, write);
    await delay(500);
    for (let times = 0; times < 2; times += 1) {
      cluster.database[fault]();
      // It may be back sooner than anybody has noticed.
      await until(async () => (await ready()) === 200);
      await until(async () => (await write()).status === 201);
    }
    const [read, written] = [await reads.stop(), await writes.stop()];
    await checkAnswers(read.sent, written.sent);
    expect((await browser.renew()).status).toBe(200);
  });
});

describe('a stop', () => {
  it('ends in order within its bound although the database hangs, and the next start serves', async () => {
    cluster.database.pause();
    await until(async () => (await ready()) === 503);
    const from = performance.now();
    expect(await cluster.terminate(0)).toBe(0);
    expect(performance.now() - from).toBeLessThan(STOP_MS);
    cluster.database.resume();
    await cluster.start(0);
  });
});

describe('a database that has been stopped', () => {
  it('leaves 503 for everything that needs it, and the pages and keys for whoever needs no more', async () => {
    const browser = await signIn();
    await cluster.database.stop();
    await until(async () => (await ready()) === 503);
    await delay(REMEMBERED_MS);
    for (const answer of [await me(), await write(), await browser.renew(), await browser.login()]) {
      expect([answer.status, answer.setCookie]).toEqual([503, undefined]);
      expect(Number(answer.retryAfter)).toBeGreaterThan(0);
    }
    for (const path of ['/health/live', '/.well-known/jwks.json', '/openapi.json'])
      expect((await send(`${url}${path}`)).status).toBe(200);
    expect(cluster.output()).not.toMatch(/uncaught|unhandled/i);
  });

  it('keeps nobody from stopping the service, in order and within its bound', async () => {
    expect(await ready()).toBe(503);
    const from = performance.now();
    expect(await cluster.terminate(0)).toBe(0);
    expect(performance.now() - from).toBeLessThan(STOP_MS);
  });
});

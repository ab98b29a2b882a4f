import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN } from './cluster.fixture.ts';
import { type Sent, send, steadyLoad } from './load.fixture.ts';
import { databasePid, freePort, isRunning } from './npm-start.fixture.ts';
import { serve as serveOn, type Served } from './serve.fixture.ts';

const TOKEN = 'b7d1c0e49f3a5826b7d1c0e4';

let root: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehouse-workers-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(root, 0o711);
});
const running: Served[] = [];
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Started extends Served {
  dataDir: string;
  metrics(): Promise<string>;
}

async function serve(settings: Record<string, string> = {}, dataDir = join(root, `data-${++folders}`)) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const served = serveOn(port, dataDir, {
    GATEHOUSE_WORKERS: '2',
    GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
    GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
    BCRYPT_COST: '10',
    RATE_LIMIT_AUTH_PER_MINUTE: '100000',
    RATE_LIMIT_MAIL_TENANT_PER_HOUR: '100000',
    LOG_FORMAT: 'json',
    METRICS_PORT: String(metricsPort),
    METRICS_TOKEN: TOKEN,
    ...settings,
  });
  running.push(served);
  const headers = { authorization: `Bearer ${TOKEN}` };
  return {
    ...served,
    dataDir,
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { headers })).text(),
  } satisfies Started;
}

const databaseOf = ({ dataDir }: Started): number => databasePid(dataDir) ?? 0;

/** The value of a metric without labels, or with these. */
function valueOf(page: string, series: string): number {
  const line = page.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}

async function signIn({ url }: Started): Promise<Record<string, string>> {
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  expect(answer.status).toBe(200);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return { origin: url, cookie, 'x-csrf-token': answer.headers.get('x-csrf-token') ?? '' };
}

const reachable = async (url: string) => (await send(`${url}/health/live`)).status === 200;

describe('several workers', () => {
  it('answer on one port, are ready together, are counted together, and end in order before the database', async () => {
    const served = await serve();
    let early = 0;
    while (!served.output().includes('Gatehouse is ready')) {
      // Nobody is let in before all of them can answer.
      if ((await reachable(served.url)) && served.workers().length < 2) early += 1;
      await delay(10);
    }
    expect(early).toBe(0);
    expect(served.output()).toContain('2 workers');
    const workers = served.workers();
    expect(workers).toHaveLength(2);
    const database = databaseOf(served);

    // A connection of its own each: they are handed round.
    for (let count = 0; count < 20; count += 1)
      expect((await fetch(`${served.url}/health/ready`, { headers: { connection: 'close' } })).status).toBe(
        200,
      );
    const answeredBy = () => {
      const lines = served
        .output()
        .split('\n')
        .filter((line) => line.includes('/health/ready'));
      return new Set(lines.map((line) => (JSON.parse(line) as { worker: number }).worker)).size;
    };
    await expect.poll(answeredBy).toBe(2);
    const page = await served.metrics();
    expect(valueOf(page, 'gatehouse_processes')).toBe(2);
    const ready = 'method="GET",route="/health/ready",status="200"';
    expect(valueOf(page, `gatehouse_http_request_duration_seconds_count{${ready}}`)).toBeGreaterThanOrEqual(
      20,
    );

    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    for (const pid of [...workers, database]) expect(isRunning(pid)).toBe(false);
    expect(served.output().match(/"msg":"stopped"/g)).toHaveLength(3);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'end in order when %s reaches every process of the group, as from a terminal',
    async (signal) => {
      const served = await serve();
      await served.untilReady();
      const pids = [...served.workers(), databaseOf(served)];
      served.signalGroup(signal);
      expect(await served.ended).toBe(0);
      for (const pid of pids) expect(isRunning(pid)).toBe(false);
    },
  );

  it('lose nothing that was acknowledged when one is killed under load, and another takes its place', async () => {
    const served = await serve();
    await served.untilReady();
    const headers = await signIn(served);
    const written: Sent[] = [];
    let count = 0;
    const load = steadyLoad(60, async () => {
      const sent = await send(`${served.url}/api/v1/users`, {
        method: 'POST',
        headers,
        body: { email: `user${(count += 1)}@example.com`, name: 'Somebody' },
      });
      written.push(sent);
      return sent;
    });
    // Not what was cut off: on a busy machine that may be all who waited.
    const made = () => written.filter(({ status }) => status === 201).length;
    await expect.poll(made).toBeGreaterThan(40);
    await served.metrics();
    const [first = 0, second = 0] = served.workers();
    process.kill(first, 'SIGKILL');
    const before = made();
    await expect.poll(served.output).toContain('took the place');
    await expect.poll(() => served.workers().length).toBe(2);
    await expect.poll(made).toBeGreaterThan(before + 40);
    const { sent } = await load.stop();
    expect(served.workers()).toContain(second);
    expect(served.workers()).not.toContain(first);

    // What was cut off was not answered; all else was.
    expect(new Set(sent.map(({ status }) => status)).difference(new Set([0, 201]))).toEqual(new Set());
    const acknowledged = sent
      .filter(({ status }) => status === 201)
      .map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(acknowledged.length).toBeGreaterThan(80);
    const kept = new Set<string>();
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const query = `limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const answer = await send(`${served.url}/api/v1/users?${query}`, { headers });
      expect(answer.status, answer.body).toBe(200);
      const page = JSON.parse(answer.body) as { items: { id: string }[]; nextCursor?: string | null };
      for (const { id } of page.items) kept.add(id);
      cursor = page.nextCursor ?? undefined;
    }
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);

    // The sum does not forget what the dead one had counted.
    const created =
      'gatehouse_http_request_duration_seconds_count{method="POST",route="/api/v1/users",status="201"}';
    const counted = valueOf(await served.metrics(), created);
    expect(counted).toBeGreaterThan(acknowledged.length - 40);
    expect(counted).toBeLessThanOrEqual(acknowledged.length + 1);
  });

  it('end when the first process is killed, which frees the port', async () => {
    const served = await serve();
    await served.untilReady();
    const workers = served.workers();
    served.child.kill('SIGKILL');
    await expect.poll(() => workers.some(isRunning)).toBe(false);
    expect(await reachable(served.url)).toBe(false);
    // The database outlives it, and the next start takes it over.
    const again = await serve({}, served.dataDir);
    await again.untilReady();
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
    expect(databasePid(again.dataDir)).toBeUndefined();
  });

  it('end one by one on SIGTERM, and are replaced', async () => {
    const served = await serve();
    await served.untilReady();
    const [first = 0, second] = served.workers();
    process.kill(first, 'SIGTERM');
    await expect.poll(served.output).toContain('took the place');
    expect(isRunning(first)).toBe(false);
    expect(served.workers()).toContain(second);
    expect(await reachable(served.url)).toBe(true);
  });

  it('that cannot start end the whole, in one sentence and with exit code 1', async () => {
    const other = createServer().listen(0, 'localhost');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const taken = await serve({ PORT: String(port) });
    expect(await taken.ended).toBe(1);
    other.close();
    expect(taken.output().match(/^gatehouse: .*/gm)).toEqual([expect.stringContaining(`Port ${port}`)]);
    expect(taken.output()).not.toMatch(/^ {4}at /m);
    expect(databasePid(taken.dataDir)).toBeUndefined();

    const wrong = await serve({ TLS_CERT_FILE: '/nowhere.crt', TLS_KEY_FILE: '/nowhere.key' });
    expect(await wrong.ended).toBe(1);
    expect(wrong.output().match(/^gatehouse: .*/gm)).toEqual([
      expect.stringContaining('TLS_CERT_FILE cannot be read (ENOENT)'),
    ]);
  });
});

describe('a stop', () => {
  it('waits for a database that takes its time, and is in order all the same', async () => {
    const served = await serve({ GATEHOUSE_WORKERS: '1' });
    await served.untilReady();
    const database = databaseOf(served);
    process.kill(database, 'SIGSTOP');
    served.signalGroup('SIGINT');
    served.signalGroup('SIGINT');
    // Longer than requests are waited for.
    await delay(17_000);
    expect(served.child.exitCode).toBe(null);
    process.kill(database, 'SIGCONT');
    expect(await served.ended).toBe(0);
    expect(isRunning(database)).toBe(false);
  });
});

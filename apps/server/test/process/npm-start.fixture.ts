import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));
const COMMANDS = {
  'start.mjs': [process.execPath, join(checkout, 'start.mjs')],
  npm: ['npm', '--prefix', checkout, 'start'],
} as const;

/** A whole Gatehouse as `npm start` runs it: start.mjs, the server under it, and its PostgreSQL. */
export interface Deployment {
  readonly start: ChildProcessByStdio<null, Readable, Readable>;
  readonly dataDir: string;
  readonly url: string;
  readonly output: () => string;
  /** The exit code, or the signal that it died of. */
  readonly ended: Promise<number | string>;
}

/** Starts it in a process group of its own, from another folder, and does not wait. */
export function launch(
  dataDir: string,
  port: number,
  settings: Record<string, string> = {},
  by: keyof typeof COMMANDS = 'start.mjs',
): Deployment {
  const [program, ...args] = COMMANDS[by];
  const start = spawn(program, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      GATEHOUSE_DATA_DIR: dataDir,
      ...settings,
    },
  });
  let output = '';
  start.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  start.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(start, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { start, dataDir, url: `http://localhost:${port}`, output: () => output, ended };
}

export async function untilReady(deployment: Deployment): Promise<void> {
  const { start, url, output } = deployment;
  while (start.exitCode === null && start.signalCode === null) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(20);
  }
  throw new Error(`it ended before it was ready:\n${output()}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The process id of the database server that runs on that data folder, if one does. */
export function databasePid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres/data/postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The server's own process, as its parent started it. */
export function serverPid({ start }: Deployment): number {
  const children = readFileSync(`/proc/${start.pid}/task/${start.pid}/children`, 'utf8').trim();
  return Number(children.split(' ')[0]);
}

/** Ends every process of it at once, as a power cut would. */
export function killEverything(deployment: Deployment): void {
  const database = databasePid(deployment.dataDir);
  process.kill(-(deployment.start.pid ?? 0), 'SIGKILL');
  if (database !== undefined) process.kill(database, 'SIGKILL');
}

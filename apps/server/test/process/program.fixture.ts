import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** `gatehouse …`, run to its end with these settings and no others. */
export async function runProgram(
  args: string[],
  settings: Record<string, string>,
  options: { cwd?: string; before?: string[] } = {},
): Promise<Ended> {
  const [command = '', ...rest] = [...(options.before ?? []), process.execPath, PROGRAM, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd ?? '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

export interface Service {
  url: string;
  output(): string;
  stop(): Promise<void>;
}

/** `gatehouse serve` of that program, until it is ready. */
export async function startService(
  port: number,
  settings: Record<string, string>,
  program = PROGRAM,
): Promise<Service> {
  const child = spawn(process.execPath, [program, 'serve'], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...settings, PORT: String(port) },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://localhost:${port}`;
  while ((await fetch(`${url}/health/ready`).catch(() => undefined))?.status !== 200) {
    if (child.exitCode !== null) throw new Error(`it ended before it was ready:\n${output}`);
    await delay(50);
  }
  return {
    url,
    output: () => output,
    async stop() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    },
  };
}

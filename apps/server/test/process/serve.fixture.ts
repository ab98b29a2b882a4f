import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** `gatehouse serve` as a process of its own, at the head of a process group. */
export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  /** The exit code, or the signal that it died of. */
  readonly ended: Promise<number | string>;
  /** Process ids of the workers. */
  workers(): number[];
  untilReady(): Promise<void>;
  /** Signals the whole group, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void;
}

export function serve(port: number, dataDir: string, settings: Record<string, string> = {}): Served {
  const child = spawn(process.execPath, [program, 'serve'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, PORT: String(port), GATEHOUSE_DATA_DIR: dataDir, ...settings },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    url: `http://localhost:${port}`,
    output: () => output,
    ended,
    workers: () => childrenOf(child.pid ?? 0).filter((pid) => commandOf(pid).includes('serve-worker')),
    async untilReady() {
      while (!output.includes('Gatehouse is ready')) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended before it was ready:\n${output}`);
        await delay(20);
      }
    },
    signalGroup: (signal) => process.kill(-(child.pid ?? 0), signal),
  };
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

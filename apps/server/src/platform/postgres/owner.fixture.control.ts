import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export const asRoot = process.getuid?.() === 0;
/** An account without rights, for the tests that root can run as somebody else. */
export const ordinaryUser = 65534;

/** `took`: the milliseconds of the start itself, without those of the process around it. */
export type Answer = { url: string; took: number } | { code: string; message: string };

export interface Owner {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly answer: Answer;
  /** What it told about its progress until it answered. */
  readonly told: () => string;
}

/** @param wrapper a program that starts it in changed circumstances, such as without capabilities */
export async function startOwner(dataDir: string, userId?: number, wrapper: string[] = []): Promise<Owner> {
  const script = fileURLToPath(new URL('./owner.fixture.ts', import.meta.url));
  const user = userId === undefined ? [] : [String(userId)];
  const [program = '', ...args] = [...wrapper, process.execPath, script, dataDir, ...user];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    // Not 'exit', which may be told before the last line has been read.
    once(child, 'close').then(() => Promise.reject(new Error(`the owner ended without an answer: ${told}`))),
  ])) as [string];
  return { process: child, answer: JSON.parse(line) as Answer, told: () => told };
}

export function urlOf(owner: Owner): string {
  if ('url' in owner.answer) return owner.answer.url;
  throw new Error(`PostgreSQL did not start: ${owner.answer.message}`);
}

export async function endInOrder({ process: child }: Owner): Promise<void> {
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
}

export async function killOwner({ process: child }: Owner): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

export function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Where the user that PostgreSQL runs as can pass through, as in a clone outside of /root. */
export function makeOpenFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gh-postgres-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** A data folder with an initialised database: making one takes a second, copying one a tenth of that. */
export function copyOf(template: string, into: string): string {
  mkdirSync(into, { recursive: true });
  chmodSync(into, 0o711);
  const { status, stderr } = spawnSync('cp', ['-a', `${template}/.`, into], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return into;
}

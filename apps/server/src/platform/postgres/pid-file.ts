import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { folderFault, systemCode } from './embedded-postgres.errors.ts';

/** What `postmaster.pid` says; PostgreSQL writes it line by line while it starts. */
export interface PidFile {
  readonly pid: number;
  readonly runtimeFolder: string;
  readonly status: string;
}

export async function readPidFile(database: string): Promise<PidFile | undefined> {
  try {
    const lines = (await readFile(pathIn(database), 'utf8')).split('\n').map((line) => line.trim());
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid === 0) return undefined;
    return { pid: Math.abs(pid), runtimeFolder: lines[4] ?? '', status: lines[7] ?? '' };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw folderFault(error, database);
  }
}

/** Whether that process is the server of this very folder: after a crash its id may have gone to any other program. */
export async function isServerOf(database: string, pid: number): Promise<boolean> {
  const [program = '', ...args] = await commandLine(pid);
  return basename(program) === 'postgres' && args.includes(database);
}

async function commandLine(pid: number): Promise<string[]> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.split('\0');
  }
  const { stdout } = spawnSync('/bin/ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  const [program = '', rest = ''] = stdout.trim().split(/ -D (.*?) -c /);
  return [program, rest];
}

/**
 * PostgreSQL takes any living process with the noted id for its predecessor and refuses to start. Deleting the file
 * would also delete its other safeguard, the shared memory that orphaned backends still hold; so the id becomes ours,
 * which PostgreSQL, as our child, knows not to be a server.
 */
export async function disownPidFile(database: string): Promise<void> {
  try {
    // SECURITY: the folder belongs to another user than root; a link put there must not make root write elsewhere.
    const file = await open(pathIn(database), constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const [noted, ...rest] = (await file.readFile('utf8')).split('\n');
      // Another start came first, a moment ago: its server would wait in vain for its own id to stand here.
      if (await isServerOf(database, Math.abs(Number(noted)))) return;
      const content = [String(process.pid), ...rest].join('\n');
      await file.truncate(0);
      await file.write(content, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw folderFault(error, database);
  }
}

function pathIn(database: string): string {
  return join(database, 'postmaster.pid');
}

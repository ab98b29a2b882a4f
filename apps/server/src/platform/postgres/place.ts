import { chmod, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { PostgresLog } from './embedded-postgres.ts';
import { folderFault, systemCode } from './embedded-postgres.errors.ts';
import { createFile, makeOwnFolder, syncFolder } from './folder.ts';
import { canReach, chooseRunAs, type RunAs } from './operating-system-user.ts';

/** Where everything of one embedded PostgreSQL lies, and who runs it. */
export interface Place {
  readonly runAs: RunAs;
  /** Owned by whoever starts Gatehouse: log, access rules, and the database folder. */
  readonly home: string;
  /** Owned by the user that PostgreSQL runs as. */
  readonly database: string;
  /** Where a copy of the programs goes if the installed ones cannot serve. */
  readonly copies: string;
}

/** For root only: every system user can reach it, and nobody else can write to it. */
const sharedRoot = '/var/lib/gatehouse';

export async function choosePlace(dataDir: string, log: PostgresLog): Promise<Place> {
  const asRoot = process.getuid?.() === 0;
  const wanted = resolve(dataDir);
  // As root others may pass through (never list): the user that PostgreSQL runs as has to.
  const passOnly = asRoot ? 0o711 : 0o700;
  makeOwnFolder(wanted, passOnly);
  const folder = await realpath(wanted);
  const elsewhere = asRoot ? await readPointer(folder) : undefined;
  if (elsewhere !== undefined) return placeIn(join(sharedRoot, elsewhere));

  const home = join(folder, 'postgres');
  makeOwnFolder(home, passOnly);
  const place = await placeIn(home);
  if (place.runAs.kind !== 'other-user' || (await canReach(home, place.runAs.user))) return place;
  return moveOut(folder, place.runAs.user.name, log);
}

async function placeIn(home: string): Promise<Place> {
  const database = join(home, 'data');
  const owner = await ownerOf(database);
  const runAs = chooseRunAs(owner, database);
  return { runAs, home, database, copies: runAs.kind === 'other-user' ? sharedRoot : home };
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw folderFault(error, path);
  }
}

/**
 * A folder under /root, say, is closed to every other user, and opening it is not ours to decide. The name of the place
 * outside is kept in the data folder: who deletes the data folder starts afresh and never meets an old database whose
 * keys are gone.
 */
async function moveOut(folder: string, user: string, log: PostgresLog): Promise<Place> {
  const label = basename(dirname(folder)).replace(/[^A-Za-z0-9-]/g, '') || 'data';
  makeOwnFolder(sharedRoot, 0o755);
  const home = await mkdtemp(join(sharedRoot, `${label.slice(0, 40)}-`));
  await chmod(home, 0o711);
  const isFirst = await createFile(pointerIn(folder), `${basename(home)}\n`, 0o600);
  if (!isFirst) {
    // Another start at the same time has chosen.
    await rm(home, { recursive: true });
    return choosePlace(folder, log);
  }
  await syncFolder(folder);
  const place = await placeIn(home);
  log.info(
    `The user "${user}", who runs PostgreSQL, cannot reach ${folder}: the database lies in ${place.home}.`,
  );
  return place;
}

async function readPointer(folder: string): Promise<string | undefined> {
  try {
    const name = (await readFile(pointerIn(folder), 'utf8')).trim();
    // SECURITY: a planted pointer must not lead root out of its own folder (path traversal).
    return /^[A-Za-z0-9-]+$/.test(name) ? name : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw folderFault(error, folder);
  }
}

function pointerIn(folder: string): string {
  return join(folder, 'postgres.place');
}

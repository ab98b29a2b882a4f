// Tells whether what is built was built from the sources as they are now. Understood by Node 18.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { chooseNode, root } from './bundled-node.mjs';
import { alone } from './folder-lock.mjs';
import { runStep } from './step.mjs';

const stampFile = join(root, 'apps', 'server', 'dist', '.built-from');
const outputs = ['apps/server/dist/main.js', 'apps/console/dist/index.html'];
const sources = [
  'apps/server/src',
  'apps/console',
  'packages',
  'scripts/build.mjs',
  'package-lock.json',
  'tsconfig.base.json',
];

export async function ensureBuilt() {
  if (isBuilt()) return;
  await alone(async (onStart) => {
    if (isBuilt()) return;
    const succeeded = await runStep({
      doing: 'Building (again only when the sources change)',
      done: 'Built',
      failed: 'The build failed; it says why above',
      command: chooseNode(),
      args: [join(root, 'scripts', 'build.mjs')],
      options: { cwd: root, env: { ...process.env, NODE_ENV: 'production' } },
      onStart,
    });
    if (!succeeded) process.exit(1);
  });
}

/** Taken before a build, so that a change made while it runs is built the next time. */
export function sourcesStamp() {
  const hash = createHash('sha256');
  for (const source of sources) add(hash, source);
  return hash.digest('hex');
}

export function writeBuildStamp(stamp) {
  writeFileSync(stampFile, `${stamp}\n`);
}

/** What is built from now on comes from sources that go on changing. */
export function removeBuildStamp() {
  rmSync(stampFile, { force: true });
}

function isBuilt() {
  if (!outputs.every((output) => existsSync(join(root, output))) || !existsSync(stampFile)) return false;
  return readFileSync(stampFile, 'utf8').trim() === sourcesStamp();
}

function add(hash, path) {
  let entries;
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true });
  } catch (error) {
    if (error.code !== 'ENOTDIR') throw error;
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const isOurs =
      !['node_modules', 'dist', 'coverage'].includes(entry.name) && !/\.(test|fixture)\b/.test(entry.name);
    if (isOurs) add(hash, `${path}/${entry.name}`);
  }
}

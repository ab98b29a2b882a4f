// The repository brings its own Node (an exact version, as an npm package), since what a machine happens to have may be
// too old to run TypeScript sources. Scripts that `npm run` starts hand over to it first; so this file and the scripts'
// static imports must be understood by Node 18.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const bundled = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');

/** The Node that Gatehouse itself runs on: the repository's own, or, on systems without one, a host's that is new enough. */
export function chooseNode() {
  if (existsSync(bundled) && spawnSync(bundled, ['--version']).status === 0) return bundled;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  console.error(
    `There is no bundled Node for ${process.platform}-${process.arch}, and this one is ${process.version}: install Node 22.12 or later and start again.`,
  );
  process.exit(1);
}

/** Continues the calling script in the bundled Node, unless it already runs there, or in one that can do as much. */
export function continueInBundledNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const stripsTypes = major >= 24 || (major === 22 && minor >= 18);
  if (stripsTypes) return;

  if (!existsSync(bundled)) {
    console.error(`This needs Node 24, and the one of this repository is not installed yet. Run:  npm ci`);
    process.exit(1);
  }
  const [script, ...rest] = process.argv.slice(1);
  const { status, signal } = spawnSync(bundled, [...process.execArgv, script, ...rest], { stdio: 'inherit' });
  process.exit(signal ? 128 + constants.signals[signal] : (status ?? 1));
}

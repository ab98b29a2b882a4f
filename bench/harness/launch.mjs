// What both commands of the bench begin with: the repository's own Node and the bench's own packages. Old syntax, since it
// runs on any Node from 18 on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = join(dirname(fileURLToPath(import.meta.url)), '..');

export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** Runs this very command again on the repository's Node where it was begun on an older one; installs the packages. */
export function prepare() {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    const again = spawnSync(findBundledNode(), process.argv.slice(1), { stdio: 'inherit' });
    process.exit(again.status === null ? 1 : again.status);
  }
  installPackages();
}

function findBundledNode() {
  try {
    const require = createRequire(join(BENCH, '../package.json'));
    const folder = dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`));
    return join(folder, 'bin/node');
  } catch {
    return fail(
      'The repository is not installed: run "npm ci" in its root first (its Node and PostgreSQL are used).',
    );
  }
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(BENCH, 'package-lock.json')))
    .digest('hex');
  const stamp = join(BENCH, 'node_modules/.bench-stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('Installing the packages of the bench (first use) …\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) fail('npm ci in bench/ failed: see above.');
  writeFileSync(stamp, lock);
}

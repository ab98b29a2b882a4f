// Keeps the server of a release, built, in releases/: `node scripts/keep-release.mjs 0.1.0 COMMIT`. The tests start it on a
// database that this release has migrated (apps/server/test/process/previous-release.test.ts), in a fresh clone without history.
//
// Made again from the same commit it is the same; with --check, nothing is written, and a difference fails.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { continueInBundledNode, root } from './bundled-node.mjs';

continueInBundledNode();

const [version, commit, flag] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version ?? '') || commit === undefined) {
  console.error('Usage: node scripts/keep-release.mjs VERSION COMMIT [--check]      such as 0.1.0 v0.1.0');
  process.exit(2);
}

const kept = join(root, 'releases', `${version}.json.br`);
const text = JSON.stringify({ version, commit: revision(), files: await build() }, null, 1);
const hash = createHash('sha256').update(text).digest('hex');
if (flag === '--check') {
  const same = existsSync(kept) && brotliDecompressSync(readFileSync(kept)).toString('utf8') === text;
  console.log(same ? `${kept} is what the commit gives (${hash}).` : `${kept} is not what the commit gives.`);
  process.exit(same ? 0 : 1);
}
const packed = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } });
mkdirSync(join(root, 'releases'), { recursive: true });
writeFileSync(kept, packed);
console.log(
  `${kept}: ${Math.ceil(packed.length / 1024)} KiB (${Math.ceil(text.length / 1024)} KiB unpacked, sha256 ${hash})`,
);

function revision() {
  return execFileSync('git', ['rev-parse', `${commit}^{commit}`], { cwd: root, encoding: 'utf8' }).trim();
}

/** The bundle and the SQL of that commit. Packages from npm are not in it: they are those of whoever runs it. */
async function build() {
  // Below node_modules, so that what the commit imports from npm is found as it will be when it runs.
  const cache = join(root, 'node_modules', '.cache', 'gatehouse');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'release-'));
  try {
    const sources = execFileSync(
      'git',
      [
        'archive',
        '--format=tar',
        commit,
        'apps/server',
        'packages',
        'db',
        'scripts',
        'tsconfig.base.json',
        'tsconfig.json',
      ],
      { cwd: root, maxBuffer: 256 * 2 ** 20 },
    );
    execFileSync('tar', ['-x', '-C', folder], { input: sources });
    mkdirSync(join(folder, 'node_modules', '@gatehouse'), { recursive: true });
    for (const name of readdirSync(join(folder, 'packages')))
      symlinkSync(join(folder, 'packages', name), join(folder, 'node_modules', '@gatehouse', name));
    const { build: bundle } = await import('esbuild');
    // As that commit builds itself.
    const { serverBundle } = await import(join(folder, 'scripts', 'build.mjs'));
    const server = join(folder, 'apps', 'server');
    const { outputFiles } = await bundle({
      ...serverBundle,
      absWorkingDir: server,
      sourcemap: false,
      write: false,
    });
    const files = outputFiles.map(({ path, text: content }) => [path.slice(folder.length + 1), content]);
    for (const place of ['db/migrations', 'db/policies'])
      for (const name of readdirSync(join(folder, place)))
        files.push([`${place}/${name}`, readFileSync(join(folder, place, name), 'utf8')]);
    return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// `npm run check`: everything that can be said about the sources without running them. A line for each check as it ends,
// the full output of those that fail, and a non-zero exit when one does.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { continueInBundledNode, root } from './bundled-node.mjs';

continueInBundledNode();

/** How to run a tool of node_modules: no argument of ours has a space in it. */
function tool(line) {
  const [name, ...args] = line.split(' ');
  return [join('node_modules', '.bin', name), ...args];
}

/** The slowest come first, so that the last core is not left waiting for one of them. */
const checks = [
  ...programs().map((tsconfig) => ({
    name: tsconfig === 'tsconfig.json' ? 'types' : `types ${tsconfig.slice(0, -'/tsconfig.json'.length)}`,
    means: `the compiler on ${tsconfig}`,
    command: tool(`tsc -p ${tsconfig} --incremental --tsBuildInfoFile ${buildInfo(tsconfig)}`),
  })),
  {
    name: 'lint',
    means: 'oxlint with types (.oxlintrc.json)',
    command: tool('oxlint --type-aware'),
  },
  {
    name: 'imports',
    means: 'who may import whom (.dependency-cruiser.cjs)',
    command: tool(
      'depcruise --config .dependency-cruiser.cjs --output-type err-long apps packages scripts db e2e',
    ),
  },
  {
    name: 'dead code',
    means: 'files, exports and dependencies that nothing uses (knip.json)',
    command: tool('knip --no-progress --no-config-hints'),
  },
  {
    name: 'house rules',
    means: 'names, lengths, and who may read settings or speak SQL (scripts/rules.mjs)',
    command: ['scripts/check-rules.mjs'],
  },
  {
    name: 'generated files',
    means: 'in step with what they are made from (scripts/generators); `npm run generate` repairs it',
    command: ['scripts/generate.mjs', '--check'],
  },
  {
    name: 'lock file',
    means: 'complete for every system; `node scripts/complete-lock.mjs` repairs it',
    command: ['scripts/complete-lock.mjs', '--check'],
  },
  {
    name: 'format',
    means: 'biome (biome.json); `npm run format` repairs it',
    command: tool('biome format --colors=off --reporter=summary .'),
  },
];

const wanted = process.argv.slice(2);
if (wanted.includes('--help') || wanted.includes('-h')) {
  console.log('Usage: npm run check [-- name …]\n\nChecks:');
  for (const { name, means } of checks) console.log(`  ${name.padEnd(width())}  ${means}`);
  process.exit(0);
}
const chosen = checks.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)),
);
if (chosen.length === 0) {
  console.error(`No check begins with ${wanted.join(' or ')}. See:  npm run check -- --help`);
  process.exit(2);
}

const started = performance.now();
const failures = [];
const queue = [...chosen];
await Promise.all(Array.from({ length: atOnce() }, work));

for (const { name, output } of failures)
  console.error(`\n── ${name} ${'─'.repeat(72 - name.length)}\n${output.trimEnd()}`);
const verdict =
  failures.length === 0 ? 'All is well' : `Failed: ${failures.map(({ name }) => name).join(', ')}`;
console.log(`\n${verdict} (${seconds(started)}).`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function work() {
  for (let check = queue.shift(); check; check = queue.shift()) {
    const since = performance.now();
    const { code, output } = await run(check.command);
    if (code !== 0) failures.push({ ...check, output });
    console.log(`${code === 0 ? '✓' : '✗'} ${check.name.padEnd(width())}  ${seconds(since)}`);
  }
}

function run(command) {
  const env = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: root, env });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: 1, output: `${output}${error.stack}` }));
    child.on('close', (code, signal) =>
      resolve({ code, output: signal ? `${output}\nended by ${signal}` : output }),
    );
  });
}

/** Every tsconfig.json is a program: the root's for Node, one beside each thing that runs in a browser. */
function programs() {
  const inFolders = ['apps', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/tsconfig.json`),
  );
  return ['tsconfig.json', ...inFolders, 'e2e/tsconfig.json'].filter((path) => existsSync(join(root, path)));
}

function buildInfo(tsconfig) {
  return join('node_modules', '.cache', 'gatehouse', `${tsconfig.replaceAll('/', '-')}.tsbuildinfo`);
}

/** As many as there are cores, and no more than have a gigabyte each: the compiler takes most of one. */
function atOnce() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 30)));
}

function width() {
  return Math.max(...checks.map(({ name }) => name.length));
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

#!/usr/bin/env node
// Entry of the bench: asks what is wanted, brings its own packages and the repository's Node, then runs the
// scenarios. Old syntax where it must run on any Node from 18 on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = dirname(fileURLToPath(import.meta.url));
const SCENARIOS = ['login', 'me-under-storm', 'renewal', 'me', 'audit', 'memory'];

const HELP = `Measures Gatehouse beside a bare reference program and a peer (better-auth), in one run.

Usage: node bench/run.mjs [scenario …] [options]

Scenarios (default: all)
  login            sign-ins a second, beside nothing but bcrypt
  me-under-storm   latency of the session check at a steady 500/s, quiet and while 32 clients sign in
  renewal          cookie in, rotated cookie out
  me               the session check
  audit            what sealing costs, how fast it is, and how long verifying takes
  memory           resident memory of the idle service
  all              each of them

Options
  --rounds N       rounds, interleaved between the programs (default 5)
  --seconds S      seconds for each program in a round (default 5)
  --json           JSON lines on standard output; the tables go to standard error
  --dir PATH       empty or new folder for the databases, removed at the end (default: a temporary one)
  --port N         first of 20 ports that are used on 127.0.0.1 (default 4130)
  --checkout PATH  the built checkout whose Gatehouse is measured (default: this one), to compare two states
  --env NAME=VALUE a setting for Gatehouse, to see what it costs (may be repeated)
  --cpu-prof PATH  write CPU profiles of Gatehouse to this folder (slows it a little: not for figures)
  --without NAME   leave a program out: bare, gatehouse, better-auth (may be repeated)
  --help           this text

Examples
  node bench/run.mjs                                  everything, about fifteen minutes
  node bench/run.mjs renewal --rounds 3 --seconds 3   a quick look at one
  node bench/run.mjs --json > results.jsonl

How to read the figures: bench/README.md
`;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
        dir: { type: 'string' },
        port: { type: 'string', default: '4130' },
        'cpu-prof': { type: 'string' },
        checkout: { type: 'string', default: join(HERE, '..') },
        env: { type: 'string', multiple: true, default: [] },
        without: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const unknown = positionals.find((name) => name !== 'all' && !SCENARIOS.includes(name));
    if (unknown) fail(`Unknown scenario "${unknown}". Known: ${SCENARIOS.join(', ')}, all.`);
    const numbers = {};
    for (const name of ['rounds', 'seconds', 'port']) {
      numbers[name] = Number(values[name]);
      if (!(numbers[name] > 0)) fail(`--${name} wants a positive number, not "${values[name]}".`);
    }
    const wanted = positionals.length === 0 || positionals.includes('all') ? SCENARIOS : positionals;
    return { ...values, ...numbers, scenarios: SCENARIOS.filter((name) => wanted.includes(name)) };
  } catch (error) {
    return fail(`${error.message}\nTry: node bench/run.mjs --help`);
  }
}

function findBundledNode() {
  try {
    const require = createRequire(join(HERE, '../package.json'));
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
    .update(readFileSync(join(HERE, 'package-lock.json')))
    .digest('hex');
  const stamp = join(HERE, 'node_modules/.bench-stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('Installing the packages of the bench (first use) …\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: HERE, stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) fail('npm ci in bench/ failed: see above.');
  writeFileSync(stamp, lock);
}

const options = readArguments();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (Number(process.versions.node.split('.')[0]) < 24) {
  const again = spawnSync(findBundledNode(), process.argv.slice(1), { stdio: 'inherit' });
  process.exit(again.status === null ? 1 : again.status);
}
installPackages();
const { runScenarios } = await import('./scenarios/index.mjs');
await runScenarios(options).catch((error) => fail(error.message));

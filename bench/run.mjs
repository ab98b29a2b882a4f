#!/usr/bin/env node
// Entry of the bench: asks what is wanted, brings its own packages and the repository's Node, then runs the
// scenarios. Old syntax where it must run on any Node from 18 on.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fail, prepare } from './harness/launch.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SCENARIOS = [
  'login',
  'me-under-storm',
  'renewal',
  'me',
  'totp',
  'passkey',
  'ways',
  'decisions',
  'evaluation',
  'sdk',
  'nest-guard',
  'audit',
  'observed',
  'workers',
  'memory',
];
const SEEDED_SCENARIOS = ['scale', 'audit-million'];

const HELP = `Measures Gatehouse beside a bare reference program and a peer (better-auth), in one run.

Usage: node bench/run.mjs [scenario …] [options]

Scenarios (default: all)
  login            sign-ins a second, beside nothing but bcrypt
  me-under-storm   latency of the session check at a steady 500/s, quiet and while 32 clients sign in
  renewal          cookie in, rotated cookie out
  me               the session check
  totp             judging a code of an authenticator app, beside the bare library call
  passkey          judging an answer of a passkey, beside the bare library call
  ways             how long each way in keeps the event loop from everybody else
  decisions        decisions by role and by policies in process, beside a set, casbin and Cedar
  evaluation       decisions over HTTP, one and fifty in a request, beside a bare Fastify route
  sdk              an access token in a service, seen before and new, beside the bare check of its signature
  nest-guard       a route of Nest behind the guard, beside the same without
  audit            what sealing costs sign-ins and renewals beside a busy tenant, and how fast it is
  observed         what metrics and traces cost the session check
  workers          what two worker processes serve, beside one
  memory           resident memory of the idle service
  all              each of them

On what bench/seed.mjs made (with --seeded; its default is both)
  scale            login, renewal and me among a million people and among a thousand; pages of long lists
  audit-million    verifying a million audit records

Options
  --rounds N       rounds, interleaved between the programs (default 5)
  --seconds S      seconds for each program in a round (default 5)
  --json           JSON lines on standard output; the tables go to standard error
  --seeded PATH    the folder that bench/seed.mjs made; it is kept
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
  node bench/run.mjs scale --seeded /var/tmp/gatehouse-million

How to read the figures: bench/README.md
`;

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
        dir: { type: 'string' },
        seeded: { type: 'string' },
        port: { type: 'string', default: '4130' },
        'cpu-prof': { type: 'string' },
        checkout: { type: 'string', default: join(HERE, '..') },
        env: { type: 'string', multiple: true, default: [] },
        without: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const known = values.seeded === undefined ? SCENARIOS : SEEDED_SCENARIOS;
    const unknown = positionals.find((name) => name !== 'all' && !known.includes(name));
    if (unknown && SEEDED_SCENARIOS.includes(unknown))
      fail(`${unknown} needs --seeded: the folder that "node bench/seed.mjs --dir PATH" makes.`);
    if (unknown) fail(`Unknown scenario "${unknown}". Known here: ${known.join(', ')}, all.`);
    const numbers = {};
    for (const name of ['rounds', 'seconds', 'port']) {
      numbers[name] = Number(values[name]);
      if (!(numbers[name] > 0)) fail(`--${name} wants a positive number, not "${values[name]}".`);
    }
    const wanted = positionals.length === 0 || positionals.includes('all') ? known : positionals;
    return { ...values, ...numbers, scenarios: known.filter((name) => wanted.includes(name)) };
  } catch (error) {
    return fail(`${error.message}\nTry: node bench/run.mjs --help`);
  }
}

const options = readArguments();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
prepare();
const { runScenarios } = await import('./scenarios/index.mjs');
await runScenarios(options).catch((error) => fail(error.message));

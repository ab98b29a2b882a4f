import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, machineLine } from '../harness/machine.mjs';
import { pinSelf } from '../harness/processes.mjs';
import { startPostgres } from '../harness/postgres.mjs';
import { createReport } from '../harness/report.mjs';
import { readSeeded, startSeededPostgres } from '../seed/folder.mjs';
import { audit } from './audit.mjs';
import { auditMillion } from './audit-million.mjs';
import { decisions } from './decisions.mjs';
import { evaluation } from './evaluation.mjs';
import { passkey, totp } from './factors.mjs';
import { login } from './login.mjs';
import { me } from './me.mjs';
import { meUnderStorm } from './me-under-storm.mjs';
import { memory } from './memory.mjs';
import { observed } from './observed.mjs';
import { renewal } from './renewal.mjs';
import { scale } from './scale.mjs';
import { nestGuard, sdk } from './sdk.mjs';
import { ways } from './ways.mjs';
import { workers } from './workers.mjs';

const SCENARIOS = {
  login,
  'me-under-storm': meUnderStorm,
  renewal,
  me,
  totp,
  passkey,
  ways,
  decisions,
  evaluation,
  sdk,
  'nest-guard': nestGuard,
  audit,
  observed,
  workers,
  memory,
  scale,
  'audit-million': auditMillion,
};
const CONNECTIONS = 32;

export async function runScenarios(options) {
  const machine = describeMachine();
  pinSelf(machine.driverCore);
  const report = createReport({ json: options.json });
  const seeded = options.seeded === undefined ? undefined : readSeeded(options.seeded);
  const dir = (seeded ? undefined : options.dir) ?? mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  report.progress('Starting PostgreSQL …');
  const on = { port: options.port, core: machine.driverCore };
  const postgres = seeded
    ? await startSeededPostgres(options.seeded, on)
    : await startPostgres({ dir, ...on });
  const stopPostgres = async () => {
    await postgres.stop();
    if (seeded) rmSync(dir, { recursive: true, force: true });
  };
  const started = [];
  let port = options.port;
  const context = {
    ...options,
    seeded,
    seededDir: options.seeded,
    postgres,
    report,
    connections: CONNECTIONS,
    dir,
    machine: { ...machine, postgresPid: postgres.pid },
    nodeOptions: options['cpu-prof'] ? ['--cpu-prof', `--cpu-prof-dir=${options['cpu-prof']}`] : [],
    nextAddress: () => ({ host: '127.0.0.1', port: (port += 1) }),
    /** Starts those that are wanted of `{ name: () => start… }`, in order; stopAll() ends them. */
    async start(starters) {
      for (const [name, start] of Object.entries(starters)) {
        if (options.without.includes(name)) continue;
        started.push(Object.assign(await start(), { name }));
      }
      return [...started];
    },
    async stopAll() {
      for (const subject of started.splice(0)) await subject.stop();
    },
  };
  const interrupted = async () => {
    await context.stopAll().catch(() => {});
    await stopPostgres();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);

  let status = 0;
  try {
    report.machine({ ...machine, postgres: postgres.version }, machineLine(machine, postgres.version));
    for (const name of options.scenarios) {
      report.progress(`${name}: starting …`);
      try {
        report.scenario(name, await SCENARIOS[name](context));
      } catch (error) {
        status = 1;
        report.failure(name, error);
      }
      await context.stopAll();
    }
  } finally {
    await stopPostgres();
  }
  process.exitCode = status;
}

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine, machineLine } from '../harness/machine.mjs';
import { pinSelf } from '../harness/processes.mjs';
import { startPostgres } from '../harness/postgres.mjs';
import { createReport } from '../harness/report.mjs';
import { audit } from './audit.mjs';
import { login } from './login.mjs';
import { me } from './me.mjs';
import { meUnderStorm } from './me-under-storm.mjs';
import { memory } from './memory.mjs';
import { renewal } from './renewal.mjs';

const SCENARIOS = { login, 'me-under-storm': meUnderStorm, renewal, me, audit, memory };
const CONNECTIONS = 32;

export async function runScenarios(options) {
  const machine = describeMachine();
  pinSelf(machine.driverCore);
  const report = createReport({ json: options.json });
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  report.progress('Starting PostgreSQL …');
  const postgres = await startPostgres({ dir, port: options.port, core: machine.driverCore });
  const started = [];
  let port = options.port;
  const context = {
    ...options,
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
    await postgres.stop();
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
    await postgres.stop();
  }
  process.exitCode = status;
}

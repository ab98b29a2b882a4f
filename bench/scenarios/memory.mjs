// Resident memory of the service: all its processes, without the database. Idle after the start, and idle
// again after load.
import { accountFor } from '../harness/processes.mjs';
import { compareRounds, median } from '../harness/statistics.mjs';
import { startOurs, startPeer, startReference } from './subjects.mjs';

const LIMIT_MIB = 200;
const SETTLE_MS = 5000;
const LOOKS = 5;

export async function memory(context) {
  const subjects = await context.start({
    'fastify json': () => startReference('json-route', context),
    gatehouse: () => startOurs(context, { signIn: false }),
    'better-auth': () => startPeer(context, { signIn: false }),
  });
  const results = {};
  for (const subject of subjects) {
    context.report.progress(`  ${subject.name}: idle, loaded, idle again`);
    const idle = await watch(subject);
    const json = subject.name === 'fastify json';
    if (!json) await subject.run('sign in', { browsers: context.connections });
    await subject.run('closed', {
      action: json ? 'json' : 'me',
      seconds: context.seconds,
      browsers: context.connections,
    });
    results[subject.name] = [{ idle, afterLoad: await watch(subject) }];
  }
  return {
    title: 'memory: resident MiB of all processes of the service, without the database',
    columns: ['idle', 'after load', 'processes', 'idle CPU %'],
    rows: subjects.map(({ name }) => {
      const [{ idle, afterLoad }] = results[name];
      return {
        name,
        cells: [idle.residentMiB, afterLoad.residentMiB, idle.processes, idle.cpuShare * 100],
        wrong: {},
      };
    }),
    comparisons: (results.gatehouse ?? []).map(({ idle: { residentMiB } }) => ({
      what: 'gatehouse, idle, MiB',
      ...compareRounds([residentMiB], [1]),
      target: LIMIT_MIB,
      met: residentMiB < LIMIT_MIB,
      targetText: `under ${LIMIT_MIB}`,
    })),
    results,
  };
}

async function watch({ pid }) {
  await pause(SETTLE_MS);
  const first = accountFor(pid);
  if (!first) throw new Error('resident memory is read from /proc, which this system does not have');
  const looks = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await pause(1000);
    looks.push(accountFor(pid));
  }
  return {
    residentMiB: median(looks.map((look) => look.residentMiB)),
    processes: first.processes,
    cpuShare: (looks.at(-1).cpuSeconds - first.cpuSeconds) / LOOKS,
  };
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

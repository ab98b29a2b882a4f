// Does a second worker process double what can be served? The load shares the cores with them, so that rates would measure
// the machine: counted is the CPU time that the busiest process spends on each answer. A core that does nothing else serves
// its reciprocal. Each process gets the same load, at one pace and at full speed; both are judged.
//
// Where two processes, their load and the database want more than the machine has, each is put aside more often and finds its
// caches cold: work costs more that is not more. How much of that there is, two whole services show that share nothing but the
// machine, each with one process, a database and a load of its own.
import { pinProcess } from '../harness/processes.mjs';
import { runRounds } from '../harness/rounds.mjs';
import { compareRounds } from '../harness/statistics.mjs';
import { startOurs } from './subjects.mjs';
import { gatherWrong, medianOf } from './throughput.mjs';

const AT_LEAST = 1.8;
const JOBS = ['me', 'renewal'];
const GREETING = { method: 'GET', path: '/health/live' };
/** Of each process. */
const PER_SECOND = { me: 4000, renewal: 1500 };

export async function workers(context) {
  const { machine } = context;
  // All on all cores, as it is when somebody runs it: with load and database kept to one, a single process has the other to itself,
  // and two do not. Said in so many words: a process that is started on no core of its own gets the one of the bench.
  const all = machine.pinned ? `0-${machine.cores - 1}` : undefined;
  const unpinned = { ...machine, serverCore: all, driverCore: all };
  pinProcess(machine.postgresPid, all);
  try {
    return await compareWorkers(context, unpinned);
  } finally {
    // As the scenarios after this one expect it.
    pinProcess(machine.postgresPid, machine.driverCore);
  }
}

async function compareWorkers(context, machine) {
  // As many browsers for each process: two that share the crowd of one would each have less to do together (docs/adr/0069).
  const browsers = (count) => count * context.connections;
  const serve = (count) =>
    startOurs(
      { ...context, machine, connections: browsers(count) },
      { settings: { GATEHOUSE_WORKERS: String(count) } },
    );
  const names = { 'one process': 1, '2 workers': 2, '2 services': 2 };
  const subjects = await context.start({
    'one process': () => serve(1),
    '2 workers': () => serve(2),
    '2 services': async () => sideBySide(await serve(1), await serve(1)),
  });
  const results = {};
  for (const job of JOBS)
    for (const pace of ['at the same pace', 'at full speed']) {
      const run = (subject, seconds) => {
        const count = names[subject.name];
        const load = { action: job, seconds, browsers: browsers(count), greeting: GREETING };
        return pace === 'at full speed'
          ? subject.run('closed', load)
          : subject.run('paced', { ...load, perSecond: count * PER_SECOND[job] });
      };
      const found = await runRounds({
        subjects,
        rounds: context.rounds,
        report: context.report,
        warmUp: (subject) => run(subject, Math.min(2, context.seconds)),
        measure: (subject) => run(subject, context.seconds),
      });
      for (const [name, rounds] of Object.entries(found)) results[`${job} ${pace}: ${name}`] = rounds;
    }
  const compare = (job, pace) => {
    const of = (name, field) => results[`${job} ${pace}: ${name}`]?.map((round) => round[field]);
    const gain = (field, name, processes = 1) => {
      const [one, two] = [of('one process', field), of(name, field)];
      return (
        one &&
        two &&
        compareRounds(
          one.map((micros) => processes * micros),
          two,
        )
      );
    };
    const busiest = gain('busiestCpuMicros', '2 workers');
    if (!busiest) return [];
    const judged = { target: AT_LEAST, met: busiest.median >= AT_LEAST, targetText: `at least ${AT_LEAST}` };
    const what = (said) => `${job} ${pace}: ${said}`;
    return [
      {
        what: what('what two serve / what one serves, by the CPU time of the busiest'),
        ...busiest,
        ...judged,
      },
      { what: what('the same by the CPU time of all processes'), ...gain('serverCpuMicros', '2 workers', 2) },
      {
        what: what('two services that share nothing but the machine / one, by the busiest'),
        ...gain('busiestCpuMicros', '2 services'),
      },
    ];
  };
  return {
    title: 'workers: one process and two workers on the same cores, 32 browsers for each process',
    columns: ['per second', 'CPU µs each', 'of the busiest', 'p50 ms', 'p99 ms', 'noise, cores'],
    rows: Object.entries(results).map(([name, rounds]) => ({
      name,
      cells: ['perSecond', 'serverCpuMicros', 'busiestCpuMicros', 'p50', 'p99', 'noiseCores'].map((field) =>
        medianOf(rounds, field),
      ),
      wrong: gatherWrong(rounds),
    })),
    comparisons: JOBS.flatMap((job) =>
      ['at the same pace', 'at full speed'].flatMap((pace) => compare(job, pace)),
    ),
    results,
  };
}

/** Two services, each with half of the load, at the same time, as one subject. */
function sideBySide(...services) {
  return {
    async run(job, { browsers, perSecond, ...options }) {
      const half = { ...options, browsers: browsers / 2, ...(perSecond && { perSecond: perSecond / 2 }) };
      const results = await Promise.all(services.map((service) => service.run(job, half)));
      const sum = (of) => results.reduce((total, result) => total + of(result), 0);
      const answers = sum((result) => result.answers);
      const spent = (field) => results.map((result) => result[field] * result.answers);
      const beside = results.slice(1).map((other) => other.serverCoreShare + other.driverCoreShare);
      return {
        answers,
        perSecond: sum((result) => result.perSecond),
        serverCpuMicros: spent('serverCpuMicros').reduce((total, micros) => total + micros, 0) / answers,
        busiestCpuMicros: Math.max(...spent('busiestCpuMicros')) / answers,
        p50: Math.max(...results.map((result) => result.p50)),
        p99: Math.max(...results.map((result) => result.p99)),
        // To each of them the other one is noise.
        noiseCores: Math.max(0, results[0].noiseCores - beside.reduce((total, share) => total + share, 0)),
        wrong: gatherWrong(results),
      };
    },
    async stop() {
      for (const service of services) await service.stop();
    },
  };
}

// Does a second worker process double what can be served? The load shares the cores with them, so that rates would measure
// the machine: counted is the CPU time that the busiest process spends on each answer. A core that does nothing else serves
// its reciprocal. Each process gets the same load, which the machine bears twice: where cores run out, a process that waits for
// one does more at once (docs/adr/0069) and is cheaper for it, and one fills a core that two do not get. That is shown beside it.
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
  // On all cores, as it is when somebody runs it. Said in so many words: a process that is started on no core of its own gets the
  // one of the bench, which keeps to the load's.
  const unpinned = { ...machine, serverCore: machine.pinned ? `0-${machine.cores - 1}` : undefined };
  // As many browsers for each process: two that share the crowd of one would each have less to do together (docs/adr/0069).
  const browsers = (count) => count * context.connections;
  const names = { 'one process': 1, '2 workers': 2 };
  const subjects = await context.start(
    Object.fromEntries(
      Object.entries(names).map(([name, count]) => [
        name,
        () =>
          startOurs(
            { ...context, machine: unpinned, connections: browsers(count) },
            { settings: { GATEHOUSE_WORKERS: String(count) } },
          ),
      ]),
    ),
  );
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
    const [one, two] = Object.keys(names).map((name) => results[`${job} ${pace}: ${name}`]);
    if (!one || !two) return [];
    const of = (rounds, field) => rounds.map((round) => round[field]);
    const ratio = compareRounds(of(one, 'busiestCpuMicros'), of(two, 'busiestCpuMicros'));
    const judged = { target: AT_LEAST, met: ratio.median >= AT_LEAST, targetText: `at least ${AT_LEAST}` };
    return [
      {
        what: `${job} ${pace}: what two serve / what one serves, by the CPU time of the busiest`,
        ...ratio,
        ...judged,
      },
      {
        what: `${job} ${pace}: the same by the CPU time of all processes`,
        ...compareRounds(
          of(one, 'serverCpuMicros').map((micros) => 2 * micros),
          of(two, 'serverCpuMicros'),
        ),
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

// What the closed-loop scenarios have in common: answers a second, compared round by round.
import { runRounds } from '../harness/rounds.mjs';
import { compareRounds, median } from '../harness/statistics.mjs';

export async function measureThroughput({ context, subjects, job, title, comparisons }) {
  const results = await runRounds({
    subjects,
    rounds: context.rounds,
    report: context.report,
    warmUp: (subject) => subject.run(...job(subject, Math.min(2, context.seconds))),
    measure: (subject) => subject.run(...job(subject, context.seconds)),
  });
  const perSecond = (name) => results[name].map((result) => result.perSecond);
  return {
    title,
    columns: [
      'per second',
      'CPU µs each',
      'server core',
      'driver',
      'database',
      'p50 ms',
      'p99 ms',
      'noise, cores',
    ],
    rows: subjects.map(({ name }) => {
      const of = (field) => medianOf(results[name], field);
      return {
        name,
        cells: [
          of('perSecond'),
          of('serverCpuMicros'),
          of('serverCoreShare'),
          of('driverCoreShare'),
          of('databaseCoreShare'),
          of('p50'),
          of('p99'),
          of('noiseCores'),
        ],
        wrong: gatherWrong(results[name]),
      };
    }),
    comparisons: comparisons
      .filter(({ of, against }) => results[of] && results[against])
      .map(({ of, against, atLeast }) => {
        const ratio = compareRounds(perSecond(of), perSecond(against));
        const target = { target: atLeast, met: ratio.median >= atLeast, targetText: `at least ${atLeast}` };
        return { what: `${of} / ${against}, per second`, ...ratio, ...(atLeast && target) };
      }),
    // Where the load or the database is the bottleneck, the rates of two servers draw together; their own
    // work does not.
    notes: comparisons.flatMap(({ of, against }) => {
      const [own, other] = [of, against].map((name) =>
        results[name]?.map((result) => result.serverCpuMicros),
      );
      if (![own, other].every((cpu) => cpu?.every((value) => value > 0))) return [];
      return [{ what: `${against} / ${of}, server CPU each`, ...compareRounds(other, own) }];
    }),
    results,
  };
}

export function medianOf(results, field) {
  const values = results.map((result) => result[field]).filter((value) => typeof value === 'number');
  return values.length === 0 ? null : median(values);
}

export function gatherWrong(results) {
  const all = {};
  for (const { wrong = {} } of results) {
    for (const [key, count] of Object.entries(wrong)) all[key] = (all[key] ?? 0) + count;
  }
  return all;
}

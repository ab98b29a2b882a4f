// Does a login storm reach those who are signed in already? Session checks arrive at a steady 500 a second,
// first alone, then while 32 clients sign in without pause; latencies count from when each was due
// (driver/open-loop.mjs).
import { accountFor } from '../harness/processes.mjs';
import { compareRounds } from '../harness/statistics.mjs';
import { runRounds } from '../harness/rounds.mjs';
import { startOurs, startPeer } from './subjects.mjs';
import { gatherWrong, medianOf } from './throughput.mjs';

const PER_SECOND = 500;
const CLIENTS = 32;
const AT_MOST = 3;

export async function meUnderStorm(context) {
  const { seconds, rounds, report } = context;
  const subjects = await context.start({
    gatehouse: () => startOurs(context),
    'better-auth': () => startPeer(context),
  });
  const quiet = (subject, length) =>
    subject.run('open', { action: 'me', perSecond: PER_SECOND, seconds: length });
  const results = await runRounds({
    subjects,
    rounds,
    report,
    warmUp: (subject) => quiet(subject, 2),
    async measure(subject) {
      const before = await quiet(subject, seconds);
      const stormy = await subject.run('open under storm', {
        action: 'me',
        perSecond: PER_SECOND,
        seconds,
        clients: CLIENTS,
      });
      await calmDown(subject);
      return { quiet: before, stormy };
    },
  });
  const p99 = (name, phase) => results[name].map((result) => result[phase].p99);
  return {
    title: `me-under-storm: ${PER_SECOND} session checks a second, quiet and while ${CLIENTS} clients sign in`,
    columns: ['quiet p50', 'quiet p99', 'storm p50', 'storm p99', 'unanswered', 'logins/s', 'noise, cores'],
    rows: subjects.map(({ name }) => {
      const phase = (which) => results[name].map((result) => result[which]);
      return {
        name,
        cells: [
          medianOf(phase('quiet'), 'p50'),
          medianOf(phase('quiet'), 'p99'),
          medianOf(phase('stormy'), 'p50'),
          medianOf(phase('stormy'), 'p99'),
          medianOf(phase('stormy'), 'unanswered'),
          medianOf(
            phase('stormy').map(({ storm }) => storm),
            'perSecond',
          ),
          medianOf(phase('stormy'), 'noiseCores'),
        ],
        wrong: {
          ...gatherWrong([...phase('quiet'), ...phase('stormy')]),
          ...prefixed('login ', gatherWrong(phase('stormy').map(({ storm }) => storm))),
        },
      };
    }),
    comparisons: subjects.map(({ name }) => {
      const ratio = compareRounds(p99(name, 'stormy'), p99(name, 'quiet'));
      const target = { target: AT_MOST, met: ratio.median <= AT_MOST, targetText: `at most ${AT_MOST}` };
      return { what: `${name}: p99 in the storm / quiet`, ...ratio, ...(name === 'gatehouse' && target) };
    }),
    results,
  };
}

// What was queued when the storm ended must not run into the next measurement. Answers tell nothing of it: a good server
// hashes on beside them, at a lower priority.
async function calmDown({ pid }) {
  const deadline = Date.now() + 60_000;
  for (let calm = 0; calm < 3 && Date.now() < deadline; ) {
    const before = accountFor(pid)?.cpuSeconds;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const used = (accountFor(pid)?.cpuSeconds ?? 0) - (before ?? 0);
    calm = used < 0.05 ? calm + 1 : 0;
  }
}

function prefixed(prefix, counts) {
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [prefix + key, count]));
}

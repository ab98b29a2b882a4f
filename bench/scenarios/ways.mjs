// How long does each way in keep the event loop from everybody else? The server of the tests with their peers, in one process: what those
// spend is counted in, so that this is an upper bound (apps/server/test/measure/ways-in.measure.ts).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../harness/processes.mjs';
import { compareRounds } from '../harness/statistics.mjs';

const AT_MOST_MS = 20;

export async function ways({ checkout, rounds, report, machine }) {
  // The bench keeps to the core of the load; the tests and their PostgreSQL may have both.
  const core = machine.pinned ? `0-${machine.cores - 1}` : undefined;
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-ways-'));
  const found = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      report.progress(`  round ${round} of ${rounds}`);
      found.push(await measure(checkout, core, join(dir, `${round}.json`)));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const names = Object.keys(found[0]);
  // Of each round the longest wait: half of the tries being quick helps nobody who comes with the others.
  const longest = Object.fromEntries(
    names.map((name) => [name, found.map((times) => Math.max(...times[name]))]),
  );
  const middle = (values) =>
    compareRounds(
      values,
      values.map(() => 1),
    ).median;
  const inRounds = found.map((_times, round) => Math.max(...names.map((name) => longest[name][round])));
  const ofAll = compareRounds(
    inRounds,
    inRounds.map(() => 1),
  );
  return {
    title: 'ways: how long each way in keeps the event loop, ms',
    columns: ['median', 'longest of a round'],
    rows: names.map((name) => ({
      name,
      cells: [middle(found.flatMap((times) => times[name])), middle(longest[name])],
      wrong: {},
    })),
    comparisons: [
      {
        what: 'the longest of every way, ms',
        ...ofAll,
        target: AT_MOST_MS,
        met: ofAll.median <= AT_MOST_MS,
        targetText: `at most ${AT_MOST_MS}`,
      },
    ],
    results: Object.fromEntries(
      names.map((name) => [name, longest[name].map((longestMs) => ({ longestMs }))]),
    ),
  };
}

async function measure(checkout, core, into) {
  const vitest = join(checkout, 'node_modules/vitest/vitest.mjs');
  const run = startProcess(process.execPath, [vitest, 'run', '--project', 'measure'], {
    core,
    cwd: checkout,
    env: { MEASURED_INTO: into },
  });
  run.keepOutput();
  const { code } = await run.exited;
  if (code !== 0) throw new Error(`the ways in could not be measured:\n${run.tail()}`);
  return JSON.parse(readFileSync(into, 'utf8'));
}

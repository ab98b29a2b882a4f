// Decisions over HTTP (AuthZEN): one in a request beside a bare Fastify route that takes JSON and gives JSON, and fifty in a request.
import { compareRounds } from '../harness/statistics.mjs';
import { startOurs, startReference } from './subjects.mjs';
import { measureThroughput } from './throughput.mjs';

const BATCH = 50;
const BATCHED_AT_LEAST = 300_000;

export async function evaluation(context) {
  const subjects = await context.start({
    'fastify json': () => startReference('json-route', context),
    gatehouse: () => startOurs(context, { asks: true }),
  });
  const ours = subjects.find(({ name }) => name === 'gatehouse');
  const all = ours === undefined ? subjects : [...subjects, { ...ours, name: 'gatehouse, fifty at once' }];
  const measured = await measureThroughput({
    context,
    title: 'evaluation: a decision over HTTP, 32 connections',
    subjects: all,
    job: ({ name }, seconds) => [
      'closed',
      {
        action: name === 'gatehouse, fifty at once' ? 'evaluations' : 'evaluation',
        seconds,
        browsers: context.connections,
      },
    ],
    comparisons: [{ of: 'gatehouse', against: 'fastify json', atLeast: 0.5 }],
  });
  const batches = measured.results['gatehouse, fifty at once'];
  if (batches === undefined) return measured;
  const rates = compareRounds(
    batches.map(({ perSecond }) => perSecond * BATCH),
    batches.map(() => 1),
  );
  const inBatches = {
    what: 'decisions a second, fifty in a request',
    ...rates,
    target: BATCHED_AT_LEAST,
    met: rates.median >= BATCHED_AT_LEAST,
    targetText: 'at least 300 thousand',
  };
  return { ...measured, comparisons: [...measured.comparisons, inBatches] };
}

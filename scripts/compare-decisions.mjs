// Asks an engine that remembers its answers, and one that does not, the same random questions; ends with 1 at the first difference.
//
//   node scripts/compare-decisions.mjs                       a million, about half a minute; the seed is the day's
//   node scripts/compare-decisions.mjs --cases N --seed N    the same again
//
// The tests ask a hundred thousand, always the same. This one is for the night, and asks others each day.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compareRemembered } from '../packages/decisions/test/compare.ts';

const { values } = parseArgs({ options: { cases: { type: 'string' }, seed: { type: 'string' } } });
const cases = Number(values.cases ?? 1_000_000);
const seed = Number(values.seed ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''));

const { permitted, difference } = compareRemembered(cases, seed);
if (difference !== undefined) {
  console.error(`seed ${seed}: remembered and decided anew differ\n${difference}`);
  process.exit(1);
}
console.log(`seed ${seed}: ${cases} cases, ${permitted} of them permitted, no difference`);

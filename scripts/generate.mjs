// Writes every file that is made from another source of truth; with --check, writes nothing and fails when one is stale.
//
// A generator is one file in scripts/generators/ whose default export is
//   { name, output, produce }   what it makes in words; the path below the root; an async function that gives the text.
// What it gives must depend on the repository alone (no dates, no machine names), or --check could not compare.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { continueInBundledNode, root } from './bundled-node.mjs';

continueInBundledNode();

const usage = `Usage: npm run generate [-- --check] [name …]

  --check   write nothing; fail when a generated file is not what its generator makes now
  name …    only these generators: the names of the files in scripts/generators, without .mjs`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const folder = join(root, 'scripts', 'generators');
const available = (await readdir(folder))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort();
const unknown = positionals.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  console.error(
    `There is no generator ${unknown.join(', ')}. There are: ${available.join(', ')}.\n\n${usage}`,
  );
  process.exit(2);
}

let failed = false;
for (const file of positionals.length > 0 ? positionals : available) {
  try {
    await run(file);
  } catch (error) {
    failed = true;
    console.error(`✗ scripts/generators/${file}.mjs failed: ${error instanceof Error ? error.stack : error}`);
  }
}
process.exitCode = failed ? 1 : 0;

async function run(file) {
  const { default: generator } = await import(join(folder, `${file}.mjs`));
  const { name, output, produce } = generator;
  const made = await produce();
  const path = join(root, output);
  const stored = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

  if (stored === made) {
    console.log(`  ${output} is in step`);
  } else if (values.check) {
    failed = true;
    console.error(`✗ ${output} (${name}) ${stored === undefined ? 'is missing' : difference(stored, made)}`);
    console.error(`  Run:  npm run generate   and commit what it writes.`);
  } else {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, made);
    console.log(`✓ ${output} written`);
  }
}

/** The first line that differs says more than a whole diff, and is enough to see which change was not generated. */
function difference(stored, made) {
  const [before, after] = [stored.split('\n'), made.split('\n')];
  const at = after.findIndex((line, index) => line !== before[index]);
  const line = at === -1 ? after.length : at;
  return `is stale from line ${line + 1} on:\n    stored  ${before[line] ?? '(end)'}\n    now     ${after[line] ?? '(end)'}`;
}

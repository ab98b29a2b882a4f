// Holds every tracked file against the rules of scripts/rules.mjs; prints file:line, rule, and what to do instead.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { continueInBundledNode, root } from './bundled-node.mjs';

continueInBundledNode();

// The compiler that parses is too new for old versions of Node, so it is loaded after the hand-over only.
const { rules, sourceOf } = await import('./rules.mjs');

for (const rule of rules) checkThatItFires(rule);

let offences = 0;
for (const path of trackedFiles()) {
  const applying = rules.filter((rule) => rule.applies(path));
  if (applying.length === 0) continue;
  const source = sourceOf(path, readFileSync(join(root, path), 'utf8'));
  for (const rule of applying) {
    for (const { line, found } of rule.find(source)) {
      offences += 1;
      console.error(`${path}:${line}  ${rule.name}  ${found}\n    ${rule.todo}`);
    }
  }
}
if (offences > 0) console.error(`\n${offences} found.`);
process.exitCode = offences > 0 ? 1 : 0;

/** What git tracks, or would track: neither node_modules nor what is built. */
function trackedFiles() {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listing
    .split('\0')
    .filter((path) => path !== '' && !path.includes('/generated/') && !/\.generated\.[a-z]+$/.test(path))
    .filter((path) => existsSync(join(root, path)));
}

function checkThatItFires({ name, find, wrong, right }) {
  const offencesIn = (example) => {
    const { path = 'example.ts', text = '' } = typeof example === 'string' ? { text: example } : example;
    return find(sourceOf(path, text)).length;
  };
  if (offencesIn(wrong) === 0) throw new Error(`The rule ${name} does not flag its own wrong example.`);
  if (offencesIn(right) > 0) throw new Error(`The rule ${name} flags its own right example.`);
}

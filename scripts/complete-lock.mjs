// Adds to package-lock.json the optional packages of other systems that npm left out; with --check, only tells.
//
// npm omits an optional package that it could not look up when the lock file was written (a mirror may lack those of other
// systems), and then `npm ci` refuses the lock file everywhere. Which systems a package is for is in its name by convention;
// the version is the exact one that its dependent asks for.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './bundled-node.mjs';

const file = join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { packages } = lock;

const missing = Object.entries(packages).flatMap(([dependent, { optionalDependencies = {}, dev }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !isPresent(dependent, name))
    .map(([name, version]) => ({ name, version, dev })),
);

if (process.argv.includes('--check')) {
  for (const { name, version } of missing) console.error(`package-lock.json lacks ${name}@${version}`);
  if (missing.length > 0) console.error('\nMend it with:  node scripts/complete-lock.mjs');
  process.exitCode = missing.length > 0 ? 1 : 0;
} else {
  for (const { name, version, dev } of missing) packages[`node_modules/${name}`] = entry(name, version, dev);
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.length} added`);
}

/** As Node looks it up: beside the dependent, then in every node_modules above. */
function isPresent(dependent, name) {
  for (let folder = dependent; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    if (packages[`${folder}${folder && '/'}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

function entry(name, version, dev) {
  const system = name.replace(/^.*\//, '');
  const os = /android|darwin|freebsd|linux|openharmony|win32/.exec(system)?.[0];
  const cpu = /arm64|arm|ia32|ppc64|riscv64|s390x|x64/.exec(system.replace('openharmony', ''))?.[0];
  const libc = /musl/.test(system) ? 'musl' : /gnu/.test(system) ? 'glibc' : undefined;
  return {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout or installation: the nearest folder above that holds `db/migrations`. */
function findRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'db', 'migrations'))) return folder;
    if (dirname(folder) === folder) throw new Error('the folder db/ of this installation is missing');
  }
}

export const rootDir = findRoot();
export const dbDir = join(rootDir, 'db');
export const consoleDir = join(rootDir, 'apps', 'console', 'dist');
/** Beside the bundle in a build, beside its source under the tests. */
export const hashWorkerUrl = import.meta.url.endsWith('.ts')
  ? new URL('../platform/crypto/hash-worker.ts', import.meta.url)
  : new URL('./hash-worker.js', import.meta.url);
/** One of several processes that answer requests; only the built one is started. */
export const serveWorkerUrl = new URL('./serve-worker.js', import.meta.url);

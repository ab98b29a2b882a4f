// `npm test`: every test that needs no other software, from a fresh clone; `npm test -- FILTER` runs the files whose path
// contains FILTER. The last line is the result. Understood by Node 18.
import process from 'node:process';
import { ensureBuilt } from './scripts/build-stamp.mjs';
import { ensureInstalled } from './scripts/install.mjs';
import { conclude, runVitest } from './scripts/run-vitest.mjs';

/** These need a PostgreSQL and a Valkey of the machine and a browser: `node scripts/wide.mjs`. */
const wideProjects = ['database', 'valkey', 'e2e'];

try {
  await ensureInstalled();
  // Some tests start, kill and stop the whole service.
  await ensureBuilt();
  conclude(await runVitest([...wideProjects.map((name) => `--project=!${name}`), ...process.argv.slice(2)]));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

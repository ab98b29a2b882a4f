// Types of the tables, read from a freshly migrated database.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { root } from '../bundled-node.mjs';

const server = join(root, 'apps', 'server', 'src');

// The bound of 400 lines is for what people write and read through; this grows with every table and is looked up by name.
const HEADER = `/**
 * Made from a freshly migrated database by kysely-codegen (\`node scripts/generate.mjs\`): do not edit it.
 *
 * Longer than the 400 lines that a file of ours may have, on purpose: one entry for each table, in one module, as kysely
 * wants the schema, looked up by name and never read through.
 */
`;

export default {
  name: 'database-types',
  output: 'apps/server/src/platform/database/schema.generated.ts',
  async produce() {
    const { startEmbeddedPostgres } = await import(join(server, 'platform', 'postgres', 'index.ts'));
    const { migrate } = await import(join(server, 'platform', 'database', 'migrate.ts'));
    const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-types-'));
    // As root: the account that PostgreSQL runs as has to pass through.
    await chmod(dataDir, 0o711);
    const quiet = { info() {}, warn() {}, error() {} };
    const postgres = await startEmbeddedPostgres({ dataDir, log: quiet });
    try {
      await migrate({
        adminUrl: postgres.url,
        rolePrefix: 'gatehouse_',
        dbDir: join(root, 'db'),
        log() {},
      });
      const out = join(dataDir, 'schema.ts');
      const codegen = join(root, 'node_modules', 'kysely-codegen', 'dist', 'cli', 'bin.js');
      await promisify(execFile)(process.execPath, [
        codegen,
        '--dialect',
        'postgres',
        '--url',
        postgres.url,
        '--default-schema',
        'gatehouse',
        '--include-pattern',
        'gatehouse.*',
        '--exclude-pattern',
        '*_(rest|2*)',
        '--no-partitions',
        '--out-file',
        out,
      ]);
      return `${HEADER}${(await readFile(out, 'utf8')).replace(/^\/\*\*.*?\*\/\n/s, '')}`;
    } finally {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

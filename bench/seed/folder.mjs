// The folder that seeding makes and scenarios use: a PostgreSQL, and what one has to know of what is in it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../harness/postgres.mjs';

const FILE = 'seeded.json';

/** What was seeded: `{ masterKey, deployments: { name: { users, … } } }`. */
export function readSeeded(dir) {
  try {
    return JSON.parse(readFileSync(join(dir, FILE), 'utf8'));
  } catch {
    throw new Error(`${dir} was not seeded, or not to the end: node bench/seed.mjs --dir ${dir}`);
  }
}

export const writeSeeded = (dir, seeded) =>
  writeFileSync(join(dir, FILE), `${JSON.stringify(seeded, null, 2)}\n`, { mode: 0o600 });

/** An empty folder to seed; one that was seeded is emptied only when asked to. */
export function clearFolder(dir, again) {
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    if (!existsSync(join(dir, 'postgres')) || !existsSync(join(dir, '.gatehouse-bench')))
      throw new Error(`${dir} is not empty and not of this bench: choose another --dir`);
    if (!again) throw new Error(`${dir} was seeded before: use it, or say --again to make it anew`);
    rmSync(dir, { recursive: true });
  }
  mkdirSync(dir, { recursive: true });
}

export const startSeededPostgres = (dir, options) => startPostgres({ dir, kept: true, ...options });

/** How a server of one of the deployments is started. Roles belong to the whole cluster: each has its own. */
export const settingsOf = ({ masterKey, bcryptCost }, name, databaseUrl) => ({
  GATEHOUSE_MASTER_KEY: masterKey,
  DATABASE_URL: databaseUrl,
  DATABASE_ROLE_PREFIX: `bench_${name}_`,
  BCRYPT_COST: String(bcryptCost),
});

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { dbDir } from '../src/cli/folders.ts';
import { migrate } from '../src/platform/database/index.ts';
import { startEmbeddedPostgres } from '../src/platform/postgres/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: { adminUrl: string; template: string; loginPassword: string };
  }
}

const TEMPLATE = 'gatehouse_template';
const LOGIN_PASSWORD = 'of-the-test-server-only';

/** One server for all files, with one migrated template database that each file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await server();
  await withClient(url, async (client) => {
    await client.query(`drop database if exists ${TEMPLATE}`);
    await client.query(`create database ${TEMPLATE}`);
  });
  await migrate({
    adminUrl: inDatabase(url, TEMPLATE),
    rolePrefix: 'gatehouse_',
    dbDir,
    log: () => undefined,
  });
  await withClient(url, async (client) => {
    await client.query(`alter role gatehouse_login password '${LOGIN_PASSWORD}'`);
    // No commit waits for the disk: whether it survives a power cut is asked elsewhere (test/process).
    for (const role of ['gatehouse_login', 'current_user'])
      await client.query(`alter role ${role} set synchronous_commit = off`);
  });
  project.provide('database', { adminUrl: url, template: TEMPLATE, loginPassword: LOGIN_PASSWORD });
  return stop;
}

async function server(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.GATEHOUSE_TEST_DATABASE_URL;
  if (given !== undefined) return { url: given, stop: () => Promise.resolve() };
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
  const log = { info: () => undefined, warn: console.warn, error: console.error };
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export const inDatabase = (url: string, name: string): string =>
  url.replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${name}`);

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rootDir } from '../../src/cli/folders.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts';
import { inDatabase, withClient } from '../database.setup.ts';
import { freePort } from './npm-start.fixture.ts';
import { runProgram, startService } from './program.fixture.ts';

const PASSWORDS = { admin: 'of-the-administrator', login: "of the service's own" };
let folder: string;
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-roles-'));
  // As root: the account that PostgreSQL runs as has to pass through, and to read the secrets.
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'secrets'));
  postgres = await startEmbeddedPostgres({
    dataDir: folder,
    log: { info: () => undefined, warn: console.warn, error: console.error },
  });
  for (const [name, password] of Object.entries(PASSWORDS)) {
    await writeFile(join(folder, 'secrets', `database_${name}_password`), `${password}\n`);
    await chmod(join(folder, 'secrets', `database_${name}_password`), 0o644);
  }
  // What deploy/compose.yaml runs when its PostgreSQL is made, word for word but for where the secrets lie.
  const script = await readFile(join(rootDir, 'deploy', 'compose', 'roles.sql'), 'utf8');
  const statements = script
    .replaceAll('/run/secrets', join(folder, 'secrets'))
    .split(/;\n(?=create database|revoke|grant|$)/);
  for (const statement of statements) await withClient(postgres.url, (client) => client.query(statement));
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

const urlOf = (role: keyof typeof PASSWORDS) =>
  inDatabase(postgres.url, 'gatehouse').replace(
    /\/\/[^@/]*@?\//,
    `//gatehouse_${role}:${encodeURIComponent(PASSWORDS[role])}@localhost/`,
  );
const settings = () => ({
  GATEHOUSE_DATA_DIR: join(folder, 'data'),
  GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 'of the test of roles only').toString('base64'),
  DATABASE_URL: urlOf('login'),
});

describe('a service that has the login role only', () => {
  it('says that gatehouse migrate has to run first', async () => {
    const { status, stderr } = await runProgram(['serve'], settings());
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^\ngatehouse: This database lacks 0001_core\.sql, and the role in DATABASE_URL cannot make it: run gatehouse migrate of this release, with DATABASE_ADMIN_URL, first\.\n$/,
    );
  });

  it('serves what gatehouse migrate has made with the administrator’s URL, and never sees that', async () => {
    const admin = { ...settings(), DATABASE_ADMIN_URL: urlOf('admin') };
    expect(await runProgram(['migrate'], admin)).toMatchObject({ status: 0, stderr: '' });
    const service = await startService(await freePort(), settings());
    try {
      const answer = await fetch(`${service.url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'nobody@example.com', password: 'Gate-House-1' }),
      });
      expect(answer.status).toBe(401);
    } finally {
      await service.stop();
    }
  });

  it('serves a database of a later release, unless that says that it must know more', async () => {
    const sql = (text: string) =>
      withClient(inDatabase(postgres.url, 'gatehouse'), (client) => client.query(text));
    await sql(`insert into gatehouse_migrations.applied (name, hash) values ('9000_later.sql', 'x')`);
    await (await startService(await freePort(), settings())).stop();
    await sql(`update gatehouse_migrations.level set must_know = '9000_later.sql'`);
    const { status, stderr } = await runProgram(['serve'], settings());
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /its servers must know 9000_later\.sql; this release knows migrations up to \S+ and cannot serve it/,
    );
  });
});

import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureDatabase } from '../../src/platform/database/index.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts';
import { inDatabase, withClient } from '../database.setup.ts';
import { createHttpBrowser, type HttpBrowser } from './http-browser.fixture.ts';
import { freePort } from './npm-start.fixture.ts';
import { runProgram, type Service, startService } from './program.fixture.ts';

const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };
const PUBLIC_URL = 'http://localhost:4000';
let folder: string;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(folder, 0o711);
  port = await freePort();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const inFolder = (name: string) => join(folder, name);
const KEY = Buffer.alloc(32, 'of the test of copies only').toString('base64');
const common = {
  GATEHOUSE_PUBLIC_URL: PUBLIC_URL,
  GATEHOUSE_MASTER_KEY: KEY,
  GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
  GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
  BCRYPT_COST: '10',
};
const gatehouse = (settings: Record<string, string>, ...args: string[]) =>
  runProgram(args, settings, { cwd: folder });
const api = (service: Service, path: string) => `${service.url}/api/v1${path}`;

async function enter(service: Service): Promise<HttpBrowser> {
  const admin = createHttpBrowser(PUBLIC_URL);
  expect(await admin.post(api(service, '/auth/login'), ADMIN)).toMatchObject({ status: 200 });
  return admin;
}
const addPerson = async (service: Service, admin: HttpBrowser, email: string) => {
  const made = await admin.post(api(service, '/users'), { email, name: 'A Person' });
  expect(made.status).toBe(201);
  return String(made.body.id);
};

describe('a copy of a PostgreSQL of one’s own', () => {
  let postgres: EmbeddedPostgres;
  const PASSWORD = 'of-the-test-of-copies-only';
  beforeAll(async () => {
    await mkdir(inFolder('server'), { mode: 0o711 });
    postgres = await startEmbeddedPostgres({
      dataDir: inFolder('server'),
      log: { info: () => undefined, warn: console.warn, error: console.error },
    });
    // As a company gives it: a role that may make roles and owns its database, and is bound by row security.
    await withClient(postgres.url, async (client) => {
      await client.query(`create role deployer login createrole password '${PASSWORD}'`);
      for (const name of ['ours', 'theirs']) await client.query(`create database ${name} owner deployer`);
    });
  });
  afterAll(() => postgres.stop());
  const own = (database: string) => ({
    ...common,
    GATEHOUSE_DATA_DIR: inFolder('nothing'),
    DATABASE_URL: inDatabase(postgres.url, database).replace(
      /\/\/[^@/]*@?\//,
      `//deployer:${PASSWORD}@localhost/`,
    ),
  });
  const superuser = <R extends object>(database: string, text: string) =>
    withClient(inDatabase(postgres.url, database), async (client) => (await client.query<R>(text)).rows);
  const shape = (database: string) =>
    superuser(
      database,
      `select c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole::text as owner, c.relacl::text,
         (select array_agg(row (p.policyname, p.roles, p.cmd, p.qual, p.with_check)::text order by p.policyname)
           from pg_policies p where p.schemaname = 'gatehouse' and p.tablename = c.relname) as policies,
         (select array_agg(t.tgname || t.tgenabled::text order by t.tgname) from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers
       from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    );

  it('made under writes by a role that row security binds, holds every row, and is put back with all rights as they were', async () => {
    const service = await startService(port, own('ours'));
    let made: Awaited<ReturnType<typeof gatehouse>>;
    try {
      const admin = await enter(service);
      let writing = true;
      const writes = (async () => {
        for (let count = 0; writing; count += 1)
          await addPerson(service, admin, `person-${count}@example.com`);
        return undefined;
      })();
      made = await gatehouse(own('ours'), 'backup', '--out', 'ours.gatehouse');
      writing = false;
      await writes;
      expect(made).toMatchObject({ status: 0, stderr: '' });
    } finally {
      await service.stop();
    }
    const restored = await gatehouse(own('theirs'), 'restore', 'ours.gatehouse');
    expect(restored).toMatchObject({ status: 0, stderr: '' });
    expect(await shape('theirs')).toEqual(await shape('ours'));
    expect(
      (await shape('theirs')).filter(
        (table) => !('relforcerowsecurity' in table && table.relforcerowsecurity),
      ),
    ).toEqual([]);
    // One moment: an act and its record are both there, or neither is.
    const counted = await superuser(
      'theirs',
      `select (select count(*) from gatehouse.users) as users, (select count(*) from gatehouse.memberships) as members,
         (select count(*) from gatehouse.audit_records where action = 'user_created' and resource_id <> (select id::text from gatehouse.users where email = '${ADMIN.email}')) as created`,
    );
    const { users, members, created } = counted[0] as Record<string, string>;
    expect(Number(users)).toBeGreaterThan(0);
    expect([members, created]).toEqual([users, String(Number(users) - 1)]);
    const open = await superuser(
      'theirs',
      `select (select count(*) from gatehouse.sessions where ended_at is null) as sessions,
         (select count(*) from gatehouse.one_time_tokens where consumed_at is null) as links,
         (select count(*) from gatehouse.outbox where delivered_at is null and failed_at is null) as mails,
         (select count(*) from gatehouse.revocations where kind = 'tenant') as tenants`,
    );
    expect(open).toEqual([{ sessions: '0', links: '0', mails: '0', tenants: '1' }]);
  });

  it('is refused, not made half, by a role that may not read everything', async () => {
    await superuser('ours', `create role stranger login password '${PASSWORD}'`);
    const url = own('ours').DATABASE_URL.replace('deployer', 'stranger');
    const made = await gatehouse(
      { ...own('ours'), DATABASE_URL: url },
      'backup',
      '--out',
      'nothing.gatehouse',
    );
    expect(made.status).toBe(1);
    expect(made.stderr).toMatch(
      /^\ngatehouse: This role may not read everything \(.*\): DATABASE_ADMIN_URL must name the role that migrates\.\n$/,
    );
  });

  it('of a later release is refused by name of its migration, before anything is written', async () => {
    await superuser(
      'ours',
      `insert into gatehouse_migrations.applied (name, hash) values ('9000_later.sql', 'x')`,
    );
    expect(await gatehouse(own('ours'), 'backup', '--out', 'later.gatehouse')).toMatchObject({ status: 0 });
    await ensureDatabase(postgres.url, 'empty');
    const restored = await gatehouse(own('empty'), 'restore', 'later.gatehouse');
    expect(restored.status).toBe(1);
    expect(restored.stderr).toMatch(
      /was made by a later release \(.*\): this one does not know its migration 9000_later\.sql\. Restore it with that release\./,
    );
    expect(await superuser('empty', `select 1 from pg_namespace where nspname = 'gatehouse'`)).toEqual([]);
  });

  it('is not made where there is nothing', async () => {
    const made = await gatehouse(own('empty'), 'backup', '--out', 'empty.gatehouse');
    expect(made).toMatchObject({ status: 1 });
    expect(made.stderr).toMatch(
      /There is nothing to copy: this database has never been served by Gatehouse\./,
    );
  });
});

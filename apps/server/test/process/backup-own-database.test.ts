import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureDatabase } from '../../src/platform/database/index.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts';
import { inDatabase, withClient } from '../database.setup.ts';
import { addPerson, ADMIN, COMMON, type CopyRoom, enter, openCopyRoom } from './backup.fixture.ts';
import type { Ended } from './program.fixture.ts';

let room: CopyRoom;
beforeAll(async () => {
  room = await openCopyRoom();
});
afterAll(() => room.close());

describe('a copy of a PostgreSQL of one’s own', () => {
  let postgres: EmbeddedPostgres;
  const PASSWORD = 'of-the-test-of-copies-only';
  beforeAll(async () => {
    await mkdir(room.inFolder('server'), { mode: 0o711 });
    postgres = await startEmbeddedPostgres({
      dataDir: room.inFolder('server'),
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
    ...COMMON,
    GATEHOUSE_DATA_DIR: room.inFolder('nothing'),
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
    const service = await room.serve(own('ours'));
    let made: Ended;
    try {
      const admin = await enter(service);
      let writing = true;
      const writes = (async () => {
        for (let count = 0; writing; count += 1)
          await addPerson(service, admin, `person-${count}@example.com`);
        return undefined;
      })();
      made = await room.gatehouse(own('ours'), 'backup', '--out', 'ours.gatehouse');
      writing = false;
      await writes;
      expect(made).toMatchObject({ status: 0, stderr: '' });
    } finally {
      await service.stop();
    }
    const restored = await room.gatehouse(own('theirs'), 'restore', 'ours.gatehouse');
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
    const made = await room.gatehouse(
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
    expect(await room.gatehouse(own('ours'), 'backup', '--out', 'later.gatehouse')).toMatchObject({
      status: 0,
    });
    await ensureDatabase(postgres.url, 'empty');
    const restored = await room.gatehouse(own('empty'), 'restore', 'later.gatehouse');
    expect(restored.status).toBe(1);
    expect(restored.stderr).toMatch(
      /was made by a later release \(.*\): this one does not know its migration 9000_later\.sql\. Restore it with that release\./,
    );
    expect(await superuser('empty', `select 1 from pg_namespace where nspname = 'gatehouse'`)).toEqual([]);
  });

  it('is not made where there is nothing', async () => {
    const made = await room.gatehouse(own('empty'), 'backup', '--out', 'empty.gatehouse');
    expect(made).toMatchObject({ status: 1 });
    expect(made.stderr).toMatch(
      /There is nothing to copy: this database has never been served by Gatehouse\./,
    );
  });
});

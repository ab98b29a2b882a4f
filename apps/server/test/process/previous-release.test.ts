import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { callbackify } from 'node:util';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dbDir } from '../../src/cli/folders.ts';
import { ensureDatabase } from '../../src/platform/database/index.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts';
import { inDatabase, withClient } from '../database.setup.ts';
import { createHttpBrowser, type HttpBrowser } from './http-browser.fixture.ts';
import { freePort } from './npm-start.fixture.ts';
import { type Service, startService } from './program.fixture.ts';
import { previousRelease, unpackRelease } from './release.fixture.ts';

const ADMIN = { email: 'root@example.com', password: 'Gate-House-1' };
const release = previousRelease();
let dataDir: string;
let postgres: EmbeddedPostgres;
let old: Awaited<ReturnType<typeof unpackRelease>>;
let ports: { old: number; now: number };
const running: Service[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-releases-'));
  // As root: the account that PostgreSQL runs as has to pass through.
  await chmod(dataDir, 0o711);
  postgres = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: console.warn, error: console.error },
  });
  old = await unpackRelease(release);
  ports = { old: await freePort(), now: await freePort() };
});
afterAll(async () => {
  for (const service of running) await service.stop();
  await postgres.stop();
  old.remove();
  await rm(dataDir, { recursive: true, force: true });
});

const urlOf = (database: string) => inDatabase(postgres.url, database).replace('@/', '@localhost/');
const sql = <R extends object>(database: string, text: string) =>
  withClient(urlOf(database), async (client) => (await client.query<R>(text)).rows);
async function start(
  which: 'old' | 'now',
  database: string,
  more: Record<string, string> = {},
): Promise<Service> {
  const settings = {
    DATABASE_URL: urlOf(database),
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_PUBLIC_URL: `http://localhost:${ports.now}`,
    GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 'of the test of releases only').toString('base64'),
    GATEHOUSE_ADMIN_EMAIL: ADMIN.email,
    GATEHOUSE_ADMIN_PASSWORD: ADMIN.password,
    BCRYPT_COST: '10',
    RATE_LIMIT_AUTH_PER_MINUTE: '100000',
    ...more,
  };
  const service = await startService(ports[which], settings, ...(which === 'old' ? [old.program] : []));
  running.push(service);
  return service;
}
const browser = () => createHttpBrowser(`http://localhost:${ports.now}`);
const at = (service: Service, path: string) => `${service.url}/api/v1${path}`;

async function enter(service: Service): Promise<HttpBrowser> {
  const admin = browser();
  expect(await admin.post(at(service, '/auth/login'), ADMIN)).toMatchObject({ status: 200 });
  return admin;
}

let added = 0;
/** What a day's work asks of a server. */
async function drive(service: Service, admin: HttpBrowser): Promise<void> {
  expect(await admin.post(at(service, '/auth/refresh'))).toMatchObject({ status: 200 });
  expect(await admin.get(at(service, '/auth/me'))).toMatchObject({
    status: 200,
    body: { user: { email: ADMIN.email } },
  });
  const email = `person-${(added += 1)}@example.com`;
  const made = await admin.post(at(service, '/users'), { email, name: 'A Person' });
  expect(made).toMatchObject({ status: 201, body: { email } });
  const listed = (await admin.get(at(service, '/users?limit=100'))).body.items as { email: string }[];
  expect(listed.map((user) => user.email)).toContain(email);
  const records = await admin.get(at(service, '/audit?action=user_created&limit=1'));
  expect(records.body.items).toMatchObject([{ action: 'user_created', resource: { id: made.body.id } }]);
  expect(await admin.post(at(service, '/auth/login'), { ...ADMIN, password: 'wrong' })).toMatchObject({
    status: 401,
    body: { code: 'auth.invalid_credentials' },
  });
}

const rights = (database: string) =>
  sql(
    database,
    `select c.relname, c.relacl::text, (select array_agg(row (p.policyname, p.roles, p.cmd, p.qual, p.with_check)::text order by p.policyname)
       from pg_policies p where p.schemaname = 'gatehouse' and p.tablename = c.relname) as policies
     from pg_class c where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );

describe(`the release before this one (${release.version})`, () => {
  it('goes on serving while this one migrates its database and serves beside it, each on the other’s sessions', async () => {
    await ensureDatabase(postgres.url, 'upgraded');
    const before = await start('old', 'upgraded');
    const early = await enter(before);
    await drive(before, early);
    const now = await start('now', 'upgraded');
    for (const service of [before, now, before]) await drive(service, early);
    const late = await enter(now);
    for (const service of [now, before, now]) await drive(service, late);
    expect(`${before.output()}${now.output()}`).not.toMatch(
      /"level":(50|60)|permission denied|does not exist/,
    );
    await before.stop();
  });

  it('starts again on what this one has migrated, changes nothing there, and serves', async () => {
    const now = running.at(-1) as Service;
    const [made, level] = [await rights('upgraded'), 'select * from gatehouse_migrations.level'];
    const marked = await sql('upgraded', level);
    const before = await start('old', 'upgraded');
    expect(await rights('upgraded')).toEqual(made);
    expect(await sql('upgraded', level)).toEqual(marked);
    const admin = await enter(before);
    for (const service of [before, now, before]) await drive(service, admin);
    await before.stop();
    await now.stop();
  });

  it('starts on a database that it has never seen; this release then puts its own rights back', async () => {
    await ensureDatabase(postgres.url, 'fresh');
    await (await start('now', 'fresh')).stop();
    const made = await rights('fresh');
    const before = await start('old', 'fresh');
    await drive(before, await enter(before));
    await before.stop();
    const now = await start('now', 'fresh');
    expect(await rights('fresh')).toEqual(made);
    await drive(now, await enter(now));
    await now.stop();
  });

  it('delivers what this one has left in the outbox, with its text and from its sender', async () => {
    const taken: Email[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: callbackify(async (stream: SMTPServerDataStream, _session: SMTPServerSession) => {
        taken.push(await PostalMime.parse(await buffer(stream)));
      }),
    });
    smtp.listen(0, '127.0.0.1');
    await once(smtp.server, 'listening');
    try {
      // No mail server for this one: it writes down what it has to say, and cannot deliver it.
      const now = await start('now', 'fresh', { SMTP_URL: 'smtp://127.0.0.1:1' });
      const admin = await enter(now);
      const made = await admin.post(at(now, '/users'), { email: 'waiting@example.com', name: 'A Person' });
      expect(made.status).toBe(201);
      await now.stop();
      const { port } = smtp.server.address() as AddressInfo;
      const MAIL_FROM = 'Gatehouse <no-reply@example.com>';
      const before = await start('old', 'fresh', { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM });
      const mail = () => taken.find(({ to }) => to?.[0]?.address === 'waiting@example.com');
      await expect.poll(mail).toBeDefined();
      expect(mail()?.text).toMatch(/set-password#token=\S+/);
      expect(mail()?.from?.address).toBe('no-reply@example.com');
      expect(mail()?.subject).not.toBe('');
      await before.stop();
    } finally {
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
    }
  });

  it('has every migration in it as it is here', async () => {
    const kept = Object.entries(release.files).filter(([name]) => name.startsWith('db/migrations/'));
    expect(kept.length).toBeGreaterThan(7);
    for (const [name, content] of kept)
      expect(await readFile(join(dbDir, '..', name), 'utf8'), name).toBe(content);
  });
});

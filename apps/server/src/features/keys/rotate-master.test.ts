import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
import { ADMIN, startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { createSealer, keyIdOf } from '../../platform/crypto/index.ts';
import { WrongMasterKey } from '../../platform/installation/index.ts';
import { createKeyWatch, rotateMasterKey, rotateSigningKey } from './index.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

const OLD = randomBytes(32).toString('base64');
const NEW = randomBytes(32).toString('base64');
const BOTH = { GATEHOUSE_MASTER_KEY: NEW, GATEHOUSE_MASTER_KEY_PREVIOUS: OLD };
const idOf = (key: string) => createSealer([Buffer.from(key, 'base64')]).keyId;

const open: TestServer[] = [];
async function start(env: Record<string, string>, first?: TestServer): Promise<TestServer> {
  const gatehouse = await startServer({
    env,
    ...(first && { database: nameOf(first), clock: first.clock }),
  });
  open.push(gatehouse);
  return gatehouse;
}
const nameOf = (server: TestServer) => server.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
afterEach(async () => {
  for (const server of open.splice(0).reverse()) await server.close();
});

const REGISTRATION = {
  email: 'new@example.com',
  password: 'Good-Pass-1',
  name: 'New',
  tenantName: 'New',
};

/** How many values are sealed under which key, over all columns of the catalog. */
async function sealedUnder(gatehouse: TestServer): Promise<Record<string, number>> {
  const columns = await gatehouse.sql<{ t: string; c: string }>(
    `select table_name as t, column_name as c from information_schema.columns
     where table_schema = 'gatehouse' and column_name like '%\\_sealed'`,
  );
  const counts: Record<string, number> = {};
  for (const { t, c } of columns)
    for (const row of await gatehouse.sql<{ v: string }>(
      `select ${c} as v from gatehouse.${t} where ${c} <> ''`,
    ))
      counts[keyIdOf(row.v)] = (counts[keyIdOf(row.v)] ?? 0) + 1;
  return counts;
}

describe('the master key', () => {
  it('seals only in columns that can be sealed again', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    const columns = await gatehouse.sql<{ name: string }>(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'gatehouse' and column_name like '%\\_sealed' order by 1`,
    );
    const known = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
    expect(columns.map(({ name }) => name)).toEqual(known.sort());
  });

  it('changes while two processes serve, and what was made under the one before still counts', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    // Made under the old key: a session with its cookies, a mail that waits, a link in it, a lock, a known browser, records.
    const browser = await gatehouse.admin();
    const idle = await gatehouse.admin();
    const csrf = browser.csrf;
    await gatehouse.browser().post('/api/v1/auth/register', REGISTRATION);
    const attack = (on: TestServer) =>
      on.browser().post('/api/v1/auth/login', { email: 'locked@example.com', password: 'Wrong-Pass-1' });
    for (let i = 0; i < 5; i += 1) await attack(gatehouse);

    const nodes = [await start(BOTH, gatehouse), await start(BOTH, gatehouse)] as const;
    // They have both and go on with the one that the database names, since others may not have the new one yet.
    expect(nodes[0].server.deps.sealer.keyId).toBe(idOf(OLD));
    const said: string[] = [];
    const rotation = await rotateMasterKey(nodes[0].server.deps, (line) => said.push(line));
    expect(rotation).toMatchObject({ keyId: idOf(NEW), left: [] });
    expect(rotation.resealed).toBeGreaterThanOrEqual(8);
    expect(said.join('\n')).toMatch(/credentials: 1 of 1 sealed again/);
    expect(Object.keys(await sealedUnder(gatehouse))).toEqual([idOf(NEW)]);

    const other = nodes[1];
    // A process that has not looked yet opens what is sealed under the new key, and looks within a second.
    expect((await other.browser().post('/api/v1/auth/login', ADMIN)).status).toBe(200);
    const watch = createKeyWatch(other.server.deps);
    watch.start();
    await expect.poll(() => other.server.deps.sealer.keyId).toBe(idOf(NEW));
    await watch.stop();

    const moved = other.browser();
    for (const [name, value] of browser.cookies) moved.cookies.set(name, value);
    expect((await moved.get('/api/v1/auth/me')).status).toBe(200);
    // The CSRF token of before.
    const changed = await moved.post(
      '/api/v1/users',
      { email: 'x@example.com', name: 'X' },
      { 'x-csrf-token': String(csrf) },
    );
    expect(changed.status).toBe(201);
    expect((await moved.post('/api/v1/auth/refresh', {})).status).toBe(200);
    expect((await moved.get('/api/v1/audit')).text).toContain(ADMIN.email);
    // The lock outlives the key, and so does the mailed link.
    const locked = await other.sql<{ n: string }>(
      'select count(*) as n from gatehouse.login_throttles where locked_until is not null',
    );
    await attack(other);
    expect(
      await other.sql('select count(*) as n from gatehouse.login_throttles where locked_until is not null'),
    ).toEqual(locked);
    const token = tokenIn((await other.deliverMail()).find(({ to }) => to === REGISTRATION.email));
    const confirmed = await other
      .browser()
      .post('/api/v1/auth/register/confirm', { token, password: REGISTRATION.password });
    expect([confirmed.status, confirmed.text]).toEqual([200, expect.any(String)]);

    // Without the old key: whoever was here since goes on, and who was not signs in again.
    const after = await start({ GATEHOUSE_MASTER_KEY: NEW }, gatehouse);
    const later = after.browser();
    for (const [name, value] of moved.cookies) later.cookies.set(name, value);
    expect((await later.post('/api/v1/auth/refresh', {})).status).toBe(200);
    const away = after.browser();
    for (const [name, value] of idle.cookies) away.cookies.set(name, value);
    expect((await away.post('/api/v1/auth/refresh', {})).status).toBe(401);
    expect((await after.browser().post('/api/v1/auth/login', ADMIN)).status).toBe(200);

    const actions = await gatehouse.sql<{ action: string }>(
      `select action from gatehouse.audit_records where resource_type = 'master_key' order by id`,
    );
    expect(actions.map(({ action }) => action)).toEqual([
      'master_key_rotation_started',
      'master_key_rotated',
    ]);
    // Once more changes nothing and says the same.
    expect(await rotateMasterKey(nodes[0].server.deps, () => undefined)).toMatchObject({
      resealed: 0,
      left: [],
    });
  });

  it('that does not open the database keeps a server from starting, before and after a rotation', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    await expect(start({ GATEHOUSE_MASTER_KEY: NEW }, gatehouse)).rejects.toThrow(WrongMasterKey);
    const node = await start(BOTH, gatehouse);
    await rotateMasterKey(node.server.deps, () => undefined);
    await expect(start({ GATEHOUSE_MASTER_KEY: OLD }, gatehouse)).rejects.toThrow(WrongMasterKey);
    // And back again, by the same way.
    const back = await start({ GATEHOUSE_MASTER_KEY: OLD, GATEHOUSE_MASTER_KEY_PREVIOUS: NEW }, gatehouse);
    expect(await rotateMasterKey(back.server.deps, () => undefined)).toMatchObject({
      keyId: idOf(OLD),
      left: [],
    });
    expect(Object.keys(await sealedUnder(gatehouse))).toEqual([idOf(OLD)]);
  });

  it('has changed when the service’s own transactions have ended that were open, and waits for nobody else’s', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    const node = await start(BOTH, gatehouse);
    const clients = [gatehouse.databaseUrl, gatehouse.superuserUrl].map(
      (connectionString) => new pg.Client({ connectionString }),
    );
    const [ours, backup] = clients as [pg.Client, pg.Client];
    for (const client of clients) await client.connect();
    try {
      // A transaction that has written nothing yet, and what a backup holds open for hours: with an id of its own, and not.
      await ours.query('begin; select 1');
      await backup.query('begin; select pg_current_xact_id()');
      const rotation = rotateMasterKey(node.server.deps, () => undefined);
      const done = () => Promise.race([rotation.then(() => 'done'), delay(1000, 'waits')]);
      await delay(3500);
      expect(await done()).toBe('waits');
      await ours.query('commit');
      await expect(rotation).resolves.toMatchObject({ keyId: idOf(NEW), left: [] });
    } finally {
      for (const client of clients) await client.end();
    }
  });

  it('of before may not be dropped while a value is left that no key at hand opens', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    const lost = createSealer([randomBytes(32)]);
    await gatehouse.sql('update gatehouse.credentials set secret_sealed = $1', [lost.seal('x', 'y')]);
    const node = await start(BOTH, gatehouse);
    const rotation = await rotateMasterKey(node.server.deps, () => undefined);
    expect(rotation.left).toEqual([{ table: 'credentials', column: 'secret_sealed', count: 1 }]);
  });
});

describe('both rotations, under load', () => {
  it('fail not one renewal, sign-in, look at me or change [threat 79]', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    const nodes = [await start(BOTH, gatehouse), await start(BOTH, gatehouse)];
    const watches = nodes.map((node) => createKeyWatch(node.server.deps));
    for (const watch of watches) watch.start();
    const failures: string[] = [];
    let answered = 0;
    let people = 0;
    let over = false;
    const check = (what: string, status: number, wanted: number) => {
      answered += 1;
      if (status !== wanted) failures.push(`${what}: ${status}`);
    };
    const node = (i: number) => nodes[i % nodes.length] as TestServer;
    const renewing = async (i: number) => {
      const first = node(i).browser();
      await first.post('/api/v1/auth/login', ADMIN);
      for (let turn = i; !over; turn += 1) {
        // Each request goes to the other process.
        const browser = node(turn).browser();
        for (const [name, value] of first.cookies) browser.cookies.set(name, value);
        browser.csrf = first.csrf;
        check('me', (await browser.get('/api/v1/auth/me')).status, 200);
        check('refresh', (await browser.post('/api/v1/auth/refresh', {})).status, 200);
        check('me after', (await browser.get('/api/v1/auth/me')).status, 200);
        const user = { email: `u${(people += 1)}@example.com`, name: 'U' };
        check('change', (await browser.post('/api/v1/users', user)).status, 201);
        for (const [name, value] of browser.cookies) first.cookies.set(name, value);
        first.csrf = browser.csrf;
        await delay(5);
      }
    };
    const signingIn = async (i: number) => {
      for (let turn = i; !over; turn += 1) {
        check('login', (await node(turn).browser().post('/api/v1/auth/login', ADMIN)).status, 200);
        await delay(20);
      }
    };
    const load = [...[0, 1, 2, 3].map(renewing), ...[0, 1].map(signingIn)];
    try {
      await delay(500);
      gatehouse.clock.advance({ minutes: 11 });
      const { deps } = gatehouse.server;
      expect(await rotateSigningKey(deps, 'ES256')).toMatchObject({ outcome: 'rotated' });
      const rotation = await rotateMasterKey((nodes[0] as TestServer).server.deps, () => undefined);
      expect(rotation.left).toEqual([]);
      await delay(1500);
      // However slow the machine is: both know of it, and so much was asked.
      await expect
        .poll(() => nodes.map((each) => each.server.deps.sealer.keyId))
        .toEqual([idOf(NEW), idOf(NEW)]);
      await expect.poll(() => answered).toBeGreaterThan(200);
    } finally {
      over = true;
      await Promise.all(load);
      for (const watch of watches) await watch.stop();
    }
    expect(failures).toEqual([]);
    // What the second process sealed meanwhile is under the new key as well.
    expect(Object.keys(await sealedUnder(gatehouse))).toEqual([idOf(NEW)]);
  });
});

describe('gatehouse keys rotate-master', () => {
  it('goes on where it was after a kill -9, and says only at the end that the previous key may be dropped', async () => {
    const gatehouse = await start({ GATEHOUSE_MASTER_KEY: OLD });
    await gatehouse.admin();
    const sealer = createSealer([Buffer.from(OLD, 'base64')]);
    const ids = Array.from({ length: 8000 }, (_, i) => `person ${i}`);
    const root = '00000000-0000-7000-8000-000000000001';
    await gatehouse.sql(
      `insert into gatehouse.subject_keys (tenant_id, subject_id, key_sealed, created_at)
       select $1, s, k, now() from unnest($2::text[], $3::text[]) as v(s, k)`,
      [root, ids, ids.map((id) => sealer.seal(randomBytes(32), `subject ${root}/${id}`))],
    );
    const total = Object.values(await sealedUnder(gatehouse)).reduce((sum, count) => sum + count, 0);

    const between = await withClient(gatehouse.superuserUrl, async (client) => {
      // Somebody holds one of them: it comes to no end before it is killed, however fast it is.
      await client.query(
        `begin; select from gatehouse.subject_keys where subject_id = 'person 7' for update`,
      );
      const killed = command(gatehouse);
      for (;;) {
        const under = (await sealedUnder(gatehouse))[idOf(NEW)] ?? 0;
        if (under > 1000) break;
        if (killed.child.exitCode !== null) throw new Error(`it ended by itself: ${killed.output()}`);
        await delay(20);
      }
      killed.child.kill('SIGKILL');
      await once(killed.child, 'close');
      expect(killed.output()).not.toContain('may be dropped');
      return sealedUnder(gatehouse);
    });
    expect(between[idOf(OLD)]).toBeGreaterThan(0);

    const second = command(gatehouse);
    await once(second.child, 'close');
    expect([second.child.exitCode, second.output()]).toEqual([
      0,
      expect.stringMatching(/may be dropped.*From \d{4}-/s),
    ]);
    const after = await sealedUnder(gatehouse);
    expect(Object.keys(after)).toEqual([idOf(NEW)]);
    expect(after[idOf(NEW)]).toBeGreaterThanOrEqual(total);
    expect(second.output()).not.toContain(OLD);
    expect(second.output()).not.toContain(NEW);
    // Two processes start from their sources.
  }, 360_000);
});

/** A URL of a socket has no host, which a setting has to have; the one in the query counts. */
const withHost = (url: string) => url.replace('@/', '@localhost/');

/** The command line in a process of its own, from the sources. */
function command(gatehouse: TestServer) {
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'keys', 'rotate-master'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      LOG_LEVEL: 'error',
      GATEHOUSE_DATA_DIR: gatehouse.config.dataDir,
      DATABASE_URL: withHost(gatehouse.databaseUrl),
      DATABASE_ADMIN_URL: withHost(gatehouse.superuserUrl),
      ...BOTH,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

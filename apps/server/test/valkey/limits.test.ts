import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../process/npm-start.fixture.ts';
import { leftAfterLateFailure } from '../given-back.fixture.ts';
import { startServer, type TestServer } from '../server.fixture.ts';

let folder: string;
let valkey: ChildProcess;
let gatehouse: TestServer;
let second: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-valkey-'));
  const port = await freePort();
  valkey = spawn(
    process.env.VALKEY ?? '/usr/bin/redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    { stdio: 'ignore' },
  );
  await untilListening(port);
  const env = {
    RATE_LIMIT_AUTH_PER_MINUTE: '50',
    RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5',
    VALKEY_URL: `redis://127.0.0.1:${port}`,
  };
  gatehouse = await startServer({ env });
  second = await startServer({ env });
});
afterAll(async () => {
  await second.close();
  await gatehouse.close();
  valkey.kill();
  await rm(folder, { recursive: true, force: true });
});

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const listening = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listening) return;
    await delay(20);
  }
}

const ask = (server: TestServer, ip: string) =>
  server.browser({ ip }).post('/api/v1/auth/check-method', { email: 'ada@example.com' });

describe('limits in Valkey', () => {
  it('of five hundred requests at once over two nodes let exactly fifty pass [threat 54]', async () => {
    // The connection is made in the background; until then the database counts, and the two counts must not add up here.
    for (const node of [gatehouse, second])
      await expect
        .poll(async () => {
          await node.sql('delete from gatehouse.rate_limits');
          await ask(node, '203.0.113.9');
          return node.sql('select from gatehouse.rate_limits');
        })
        .toEqual([]);
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => ask(i % 2 ? gatehouse : second, '203.0.113.1')),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(50);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(450);
    expect(await gatehouse.sql('select from gatehouse.rate_limits')).toHaveLength(0);
  });

  it('of an address are gone with the person who is erased, from the database and from Valkey, and no others', async () => {
    const admin = await gatehouse.admin();
    const ids: string[] = [];
    for (const email of ['grace@example.com', 'hopper@example.com'])
      ids.push(String((await admin.post('/api/v1/users', { email, name: 'Grace' })).body.id));
    // As the mailed link leaves them: of an address that was never proved, an erasure has nothing to forget beyond its tenant.
    await gatehouse.sql(
      'insert into gatehouse.login_identifiers (email_key, tenant_id, user_id) select email_key, tenant_id, id from gatehouse.users where id = any ($1)',
      [ids],
    );
    const { mailLimits, blindIndex } = gatehouse.server.deps;
    for (const email of ['grace@example.com', 'hopper@example.com'])
      await mailLimits.isLeft('account-locked', email);
    const keys = async () => {
      const client = new Redis(gatehouse.config.valkeyUrl ?? '');
      const found = await client.keys('*mail to:*');
      client.disconnect();
      return found;
    };
    const nameOf = (email: string) => blindIndex.of('mail address', email).toString('base64url');
    expect((await keys()).filter((key) => key.includes(nameOf('grace@example.com')))).not.toEqual([]);
    expect((await admin.post(`/api/v1/users/${ids[0]}/erase`)).status).toBe(204);
    expect((await keys()).filter((key) => key.includes(nameOf('grace@example.com')))).toEqual([]);
    expect((await keys()).filter((key) => key.includes(nameOf('hopper@example.com')))).not.toEqual([]);
  });

  it.each([
    ['a window that nobody has begun', 0],
    ['a window in which another counts', 2],
  ])('give what fails late no credit for %s', async (_what, since) => {
    const client = new Redis(gatehouse.config.valkeyUrl ?? '');
    const keys = () => client.keys('gatehouse:limit:mail*');
    const windows = {
      endSoon: async () => {
        for (const key of await keys()) await client.pexpire(key, 1500);
      },
      areOver: async () => (await keys()).length === 0,
    };
    expect(await leftAfterLateFailure(gatehouse, windows, since)).toBe(5 - since);
    client.disconnect();
  });

  it('are counted by the database when Valkey is gone: no limit falls open', async () => {
    const ended = once(valkey, 'exit');
    valkey.kill('SIGKILL');
    await ended;
    const answers = await Promise.all(Array.from({ length: 80 }, () => ask(gatehouse, '203.0.113.2')));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(50);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(30);
  });
});

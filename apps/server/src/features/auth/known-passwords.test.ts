import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { invited, REGISTER as ACCEPT } from '../../../test/invitations.fixture.ts';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import {
  addOwner,
  CHANGE,
  FORGOT,
  freshAddress,
  mailedTo,
  RESET,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

const BREACHED = 'Breached-Anchor-9';
const FRESH = 'Another-One-8';
const REGISTER = '/api/v1/auth/register';
const SET = '/api/v1/auth/password/set';

/** A range service of breached passwords, on this machine. */
let service: Server;
let asked: { path: string; headers: IncomingHttpHeaders }[] = [];
let answer: 'list' | 'padding' | 'fault' | 'silence' = 'list';
let gatehouse: TestServer;
beforeAll(async () => {
  service = createServer((request, reply) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    if (answer === 'silence') return;
    if (answer === 'fault') return void reply.writeHead(500).end();
    const suffix = sha1(BREACHED).slice(5);
    reply.end(`${'0'.repeat(35)}:7\r\n${suffix}:${answer === 'padding' ? 0 : 12}\r\n${'F'.repeat(35)}:0`);
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  gatehouse = await startServer({
    env: { BREACHED_PASSWORDS_URL: `http://127.0.0.1:${port}/range/`, METRICS_PORT: '9' },
  });
});
afterAll(async () => {
  await gatehouse.close();
  service.closeAllConnections();
  service.close();
});
beforeEach(() => {
  asked = [];
  answer = 'list';
});

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();
const post = (path: string, body: object) => gatehouse.browser().post(path, body);
const newestLink = async (email: string) => tokenIn((await mailedTo(gatehouse, email)).at(-1));

/** Each way to a password of one's own choice, up to the last step. */
const WAYS: Record<
  string,
  () => Promise<(password: string) => Promise<{ status: number; body: { code?: unknown } }>>
> = {
  async register() {
    const email = freshAddress();
    return (password) => post(REGISTER, { email, password, name: 'Grace Hopper', tenantName: 'Cobol Works' });
  },
  async change() {
    const browser = await signedIn(gatehouse, await addOwner(gatehouse));
    return (newPassword) => browser.post(CHANGE, { currentPassword: PASSWORD, newPassword });
  },
  async reset() {
    const { email } = await addOwner(gatehouse);
    await post(FORGOT, { email });
    const token = await newestLink(email);
    return (password) => post(RESET, { token, password });
  },
  async 'first password'() {
    const email = freshAddress();
    const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    await admin.post('/users', { email, name: 'Grace Hopper' });
    const token = await newestLink(email);
    return (password) => post(SET, { token, password });
  },
  async invitation() {
    const admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const { token } = await invited(gatehouse, admin, freshAddress());
    return (password) => post(ACCEPT, { token, name: 'Grace Hopper', password });
  },
};

describe('a breached password', () => {
  it.each(Object.keys(WAYS))(
    'is refused by %s, and the same way takes another one after it [threat 42]',
    async (way) => {
      const set = await WAYS[way]?.();
      const refused = await set?.(BREACHED);
      expect([refused?.status, refused?.body.code]).toEqual([400, 'password.breached']);
      expect((await set?.(FRESH))?.status).toBeLessThan(300);
      expect(asked.map(({ path }) => path)).toEqual(
        [BREACHED, FRESH].map((tried) => `/range/${sha1(tried).slice(0, 5)}`),
      );
      for (const { headers } of asked) expect(headers).toMatchObject({ 'add-padding': 'true' });
    },
  );

  it('is asked after for nobody who has not shown what entitles to set one', async () => {
    const browser = await signedIn(gatehouse, await addOwner(gatehouse));
    expect(
      (await browser.post(CHANGE, { currentPassword: 'Wrong-Pass-1', newPassword: BREACHED })).body.code,
    ).toBe('password.current_wrong');
    const token = `${'0'.repeat(8)}.made-up`;
    for (const path of [SET, RESET])
      expect((await post(path, { token, password: BREACHED })).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it('is not one that the service only pads its answer with', async () => {
    answer = 'padding';
    expect((await (await WAYS.register?.())?.(BREACHED))?.status).toBe(202);
  });

  it.each(['fault', 'silence'] as const)(
    'is let through soon when there is no answer but %s, and counted',
    async (how) => {
      answer = how;
      const failed = async () =>
        /breached_password_lookups_total.*?"value":(\d+),"labels":\{"outcome":"failed"/.exec(
          JSON.stringify(await gatehouse.server.metrics.snapshot()),
        )?.[1] ?? '0';
      const before = Number(await failed());
      const set = await WAYS.register?.();
      const started = performance.now();
      expect((await set?.(BREACHED))?.status).toBe(202);
      expect(performance.now() - started).toBeLessThan(4000);
      expect(Number(await failed())).toBe(before + 1);
    },
  );
});

describe('a password that is its owner’s name, address or company', () => {
  it('is refused by each way, with a code of its own [threat 42]', async () => {
    for (const way of ['register', 'first password', 'invitation']) {
      const set = await WAYS[way]?.();
      expect((await set?.('Grace-Hopper-1906'))?.body.code, way).toBe('password.too_personal');
    }
    expect((await (await WAYS.register?.())?.('Cobol.Works.77'))?.body.code).toBe('password.too_personal');
    const email = 'steady.walrus@people.example';
    const browser = await signedIn(gatehouse, await addOwner(gatehouse, { email }));
    const newPassword = 'Steady.Walrus@people.example1';
    const changed = await browser.post(CHANGE, { currentPassword: PASSWORD, newPassword });
    expect(changed.body.code).toBe('password.too_personal');
    await post(FORGOT, { email });
    const reset = await post(RESET, { token: await newestLink(email), password: 'SteadyWalrus1' });
    expect(reset.body.code).toBe('password.too_personal');
    expect(asked).toEqual([]);
  });
});

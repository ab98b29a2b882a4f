import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { call } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Caller;
beforeAll(async () => {
  gatehouse = await startServer({ env: { RATE_TIER_FREE_PER_MINUTE: '30' } });
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
afterAll(() => gatehouse.close());

async function tenantWith(rate: object) {
  const tenantId = await addTenant(gatehouse);
  const url = `/tenants/${tenantId}/settings`;
  const answer = await platform.patch(url, { version: 1, settings: { rate } });
  expect(answer.status, answer.text).toBe(200);
  return { tenantId, url, admin: await addCaller(gatehouse, tenantId, 'admin') };
}
const many = <T>(count: number, work: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

describe('the requests of a tenant', () => {
  it('pass up to its number and no further, however many come at once, from whomever of it', async () => {
    const { tenantId, admin } = await tenantWith({ perMinute: 40 });
    const other = await addCaller(gatehouse, tenantId);
    const answers = await many(300, (n) => (n % 2 === 0 ? admin : other).get('/auth/me'));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(40);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status, body }) => `${status} ${String(body.code)}`))).toEqual(
      new Set(['429 rate.limited']),
    );
    const [first] = refused;
    expect(first?.headers).toMatchObject({
      'ratelimit-limit': '40',
      'ratelimit-remaining': '0',
      'ratelimit-policy': '40;w=60',
      'retry-after': expect.stringMatching(/^[1-9]\d?$/) as string,
    });
  });

  it('pass up to their number on two processes together, and each asks the store a few times only', async () => {
    const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
    const second = await startServer({ database: name, clock: gatehouse.clock });
    try {
      const { admin } = await tenantWith({ perMinute: 500 });
      const before = gatehouse.server.deps.tenantRate.asked;
      let passed = 0;
      for (let round = 1; round <= 40; round += 1) {
        const answers = await many(20, (n) =>
          call(n % 2 === 0 ? gatehouse : second, admin.token, { method: 'GET', url: '/api/v1/auth/me' }),
        );
        passed += answers.filter(({ status }) => status === 200).length;
      }
      expect(passed).toBeLessThanOrEqual(500);
      // What a process may have taken and not handed out: a share, and whoever waited in the same moment.
      expect(passed).toBeGreaterThan(500 - 2 * 20);
      expect(gatehouse.server.deps.tenantRate.asked - before).toBeLessThan(80);
    } finally {
      await second.close();
    }
  });

  it('have the number of their tier, and one of their own in place of it', async () => {
    const { admin, url } = await tenantWith({ tier: 'free' });
    const limitOf = async () => (await admin.get('/auth/me')).headers['ratelimit-limit'];
    expect(await limitOf()).toBe('30');
    const set = async (rate: object) => {
      const { version } = (await platform.get(url)).body;
      await platform.patch(url, { version, settings: { rate } });
    };
    await set({ perMinute: 7000 });
    expect(await limitOf()).toBe('7000');
    await set({ perMinute: null, tier: 'enterprise' });
    expect(await limitOf()).toBe('60000');
    await set({ tier: null });
    expect(await limitOf()).toBeUndefined();
  });

  it('that are refused count too, and leave other tenants alone', async () => {
    const { tenantId, admin } = await tenantWith({ perMinute: 10 });
    const nobody = await addCaller(gatehouse, tenantId);
    const denied = await many(10, () => nobody.get('/users'));
    expect(denied.map(({ status }) => status)).toEqual(denied.map(() => 403));
    expect((await admin.get('/users')).status).toBe(429);
    expect((await platform.get('/auth/me')).status).toBe(200);
    const elsewhere = await tenantWith({ perMinute: 10 });
    expect((await elsewhere.admin.get('/auth/me')).status).toBe(200);
  });
});

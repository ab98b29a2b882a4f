import { permissions, roles, signedIn } from '@gatehouse/contracts';
import { type GatehouseDouble, startGatehouseDouble } from '@gatehouse/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGatehouse, type Gatehouse } from './gatehouse.ts';
import type { GatehouseOptions } from './options.ts';
import { AccessProblem } from './problem.ts';

let double: GatehouseDouble;
let gatehouse: Gatehouse;
let faults: unknown[];
beforeEach(async () => {
  double = await startGatehouseDouble();
  faults = [];
});
afterEach(async () => {
  await gatehouse.close();
  await double.close();
});

async function follow(options: Partial<GatehouseOptions> = {}): Promise<void> {
  gatehouse = createGatehouse({
    issuer: double.issuer,
    tenants: 'all',
    credentials: () => 'own',
    staleness: 0.6,
    timeout: 0.5,
    onFault: (fault) => void faults.push(fault),
    ...options,
  });
  await gatehouse.start();
}
async function answerTo(token: string, rule = signedIn()) {
  try {
    const caller = await gatehouse.admit(rule, { authorization: `Bearer ${token}` });
    return { status: 200, caller };
  } catch (error) {
    if (!(error instanceof AccessProblem)) throw error;
    return { status: error.status, code: error.code, headers: error.headers };
  }
}
async function cut(): Promise<void> {
  expect(gatehouse.isFresh()).toBe(true);
  double.feed = 'cut';
  double.breakOff();
  await expect.poll(() => gatehouse.isFresh()).toBe(false);
}
const asked = (path: string) => double.asked.get(path) ?? 0;
const ME = '/api/v1/auth/me';

describe('while the feed is there', () => {
  it('nobody is asked about a token, and one that was ended is refused', async () => {
    await follow();
    const [ended, other] = [double.token({ sid: 'a' }), double.token({ sid: 'b', sub: 'user-2' })];
    expect((await answerTo(ended)).status).toBe(200);
    double.revoke({ sid: 'a' });
    await expect.poll(() => answerTo(ended)).toMatchObject({ status: 401, code: 'auth.session_expired' });
    expect((await answerTo(other)).status).toBe(200);
    double.revoke([{ tenant_id: 'tenant-1', sub: 'user-2' }]);
    await expect.poll(async () => (await answerTo(other)).status).toBe(401);
    // A guest of the same tenant, and the same person in another one, are not meant.
    expect((await answerTo(double.token({ sid: 'c', sub: 'user-3' }))).status).toBe(200);
    expect((await answerTo(double.token({ sid: 'd', sub: 'user-2', tenant_id: 'tenant-2' }))).status).toBe(
      200,
    );
    expect(asked(ME)).toBe(0);
  });

  it('what has been ended before it was opened is refused as well, and what was issued since is not', async () => {
    const iat = Math.floor(Date.now() / 1000);
    double.revoke({ client_id: 'console' }, iat - 60);
    await follow();
    expect((await answerTo(double.token({ iat: iat - 61 }))).status).toBe(401);
    expect((await answerTo(double.token({ iat: iat - 60 }))).status).toBe(200);
    // An empty set means every token.
    const token = double.token();
    double.revoke({});
    await expect.poll(async () => (await answerTo(token)).status).toBe(401);
  });

  it('that broke off is taken up at its cursor, and misses nothing', async () => {
    await follow();
    const token = double.token();
    expect((await answerTo(token)).status).toBe(200);
    double.breakOff();
    double.revoke({ sid: 'session-1' });
    await expect.poll(async () => (await answerTo(token)).status).toBe(401);
  });

  it('a cursor that is too old has everything forgotten, and read from the beginning', async () => {
    await follow();
    const token = double.token();
    double.revoke({ sid: 'session-1' });
    await expect.poll(async () => (await answerTo(token)).status).toBe(401);
    double.feedStatus = 410;
    double.breakOff();
    await expect.poll(() => gatehouse.isFresh()).toBe(false);
    double.feedStatus = undefined;
    await expect.poll(() => gatehouse.isFresh()).toBe(true);
    expect((await answerTo(token)).status).toBe(401);
  });

  it('is read page by page where something keeps the stream to itself', async () => {
    double.feed = 'held';
    const ended = ['a', 'b', 'c'].map((sid) => double.token({ sid }));
    double.revoke({ sid: 'a' });
    double.revoke({ sid: 'b' });
    await follow();
    expect(gatehouse.isFresh()).toBe(false);
    await expect.poll(() => gatehouse.isFresh()).toBe(true);
    const statuses = () => Promise.all(ended.map(async (token) => (await answerTo(token)).status));
    expect(await statuses()).toEqual([401, 401, 200]);
    double.revoke({ sid: 'c' });
    await expect.poll(statuses).toEqual([401, 401, 401]);
  });
});

describe('with the feed cut', () => {
  beforeEach(async () => {
    await follow();
    await cut();
  });

  it('Gatehouse is asked about each token, and its word is what counts [threat 43] [threat 44]', async () => {
    // By the token an administrator; by Gatehouse, at this moment, somebody who reads tickets.
    const token = double.token({ roles: ['admin'] });
    expect((await answerTo(token)).status).toBe(200);
    expect((await answerTo(token, permissions('users:read'))).status).toBe(403);
    expect((await answerTo(token, permissions('tickets:read'))).status).toBe(200);
    expect((await answerTo(token, roles('admin'))).status).toBe(200);
    const before = asked(ME);
    double.me = 401;
    await expect.poll(async () => (await answerTo(token)).status).toBe(401);
    expect(asked(ME)).toBeGreaterThan(before);
    expect(faults.length).toBeGreaterThan(0);
  });

  it('what was ended before it was cut stays ended without a question', async () => {
    await gatehouse.close();
    double.feed = 'open';
    await follow();
    const token = double.token();
    double.revoke({ sid: 'session-1' });
    await expect.poll(async () => (await answerTo(token)).status).toBe(401);
    await cut();
    const before = asked(ME);
    expect((await answerTo(token)).status).toBe(401);
    expect(asked(ME)).toBe(before);
  });

  it('many requests of one caller make one question', async () => {
    const token = double.token();
    const answers = await Promise.all(Array.from({ length: 50 }, () => answerTo(token)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(asked(ME)).toBe(1);
  });

  it('and Gatehouse gone as well it is 503 with Retry-After: not 401, which signs people out, and not 200', async () => {
    const token = double.token();
    expect((await answerTo(token)).status).toBe(200);
    for (const me of [500, 503, 429, 'hangs'] as const) {
      double.me = me;
      await expect
        .poll(() => answerTo(token))
        .toMatchObject({ status: 503, code: 'service.unavailable', headers: { 'retry-after': '2' } });
    }
    await double.close();
    expect(await answerTo(token)).toMatchObject({ status: 503 });
    // What is wrong by itself is so without Gatehouse.
    expect((await answerTo(`${token}x`)).status).toBe(401);
    double = await startGatehouseDouble();
  });

  it('finds it again by itself', async () => {
    double.feed = 'open';
    await expect.poll(() => gatehouse.isFresh()).toBe(true);
    const before = asked(ME);
    expect((await answerTo(double.token())).status).toBe(200);
    expect(asked(ME)).toBe(before);
  });
});

describe('a service without credentials of its own', () => {
  it('has no feed, and asks about each token', async () => {
    await follow({ credentials: undefined as never });
    expect((await answerTo(double.token())).status).toBe(200);
    expect(asked(ME)).toBe(1);
    double.me = 401;
    await expect.poll(async () => (await answerTo(double.token())).status).toBe(401);
  });
});

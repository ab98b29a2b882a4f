import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, type Cluster, startCluster } from './cluster.fixture.ts';
import { type Sent, send } from './load.fixture.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster([120_000, -120_000]);
});
afterAll(() => cluster.stop());

const cookiesOf = (answer: Sent) => (answer.setCookie ?? []).map((line) => line.split(';')[0]).join('; ');
const post = (url: string, path: string, cookie: string, body: object = {}) =>
  send(`${url}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { origin: cluster.publicUrl, ...(cookie !== '' && { cookie }) },
    body,
  });
const claimsOf = (cookies: string) =>
  JSON.parse(Buffer.from(/\.at=[^.]+\.([^.;]+)/.exec(cookies)?.[1] ?? '', 'base64url').toString()) as {
    iat: number;
    exp: number;
  };

describe.each([
  ['two minutes fast, on one that is two minutes slow', 0, 1],
  ['two minutes slow, on one that is two minutes fast', 1, 0],
])('what was signed by a process whose clock is %s', (_what, from, to) => {
  const ends = () => [cluster.urls[from] ?? '', cluster.urls[to] ?? ''] as const;

  it('is good at once and for as long as it says, by the time of the database', async () => {
    const [here, there] = ends();
    const databaseTime = async () => {
      const [row] = await cluster.seed.sql<{ now: number }>(
        'select extract(epoch from now())::float8 as now',
      );
      return row?.now ?? Number.NaN;
    };
    const before = await databaseTime();
    const entered = await post(here, 'login', '', ADMIN);
    expect(entered.status, entered.body).toBe(200);
    const { iat, exp } = claimsOf(cookiesOf(entered));
    expect(iat).toBeGreaterThan(before - 3);
    expect(iat).toBeLessThan((await databaseTime()) + 3);
    expect(exp - iat).toBe(15 * 60);
    const me = await send(`${there}/api/v1/auth/me`, { headers: { cookie: cookiesOf(entered) } });
    expect(me.status).toBe(200);
  });

  it('is renewed there, and its lost answer asked for again is answered again and ends no session', async () => {
    const [here, there] = ends();
    const entered = await post(here, 'login', '', ADMIN);
    const renewed = await post(here, 'refresh', cookiesOf(entered));
    const again = await post(there, 'refresh', cookiesOf(entered));
    expect([renewed.status, again.status]).toEqual([200, 200]);
    expect(claimsOf(cookiesOf(again))).toEqual(claimsOf(cookiesOf(renewed)));
    expect((await post(there, 'refresh', cookiesOf(again))).status).toBe(200);
  });

  it('counts in one window: the limit is the same on both', async () => {
    const [here, there] = ends();
    const left = async (url: string) => {
      const answer = await fetch(`${url}/api/v1/auth/check-method`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: cluster.publicUrl },
        body: JSON.stringify({ email: ADMIN.email }),
      });
      return ['remaining', 'reset'].map((name) => Number(answer.headers.get(`ratelimit-${name}`)));
    };
    const [first = 0, firstReset = 0] = await left(here);
    const [second = 0, secondReset = 0] = await left(there);
    const [third = 0] = await left(here);
    expect([first - second, second - third]).toEqual([1, 1]);
    expect(firstReset).toBeLessThanOrEqual(60);
    expect(Math.abs(firstReset - secondReset)).toBeLessThanOrEqual(3);
  });
});

describe('a process whose clock is off', () => {
  it('says so, once, for whoever can mend it', () => {
    const told = cluster
      .output()
      .split('\n')
      .filter((line) => line.includes("this machine's clock is off"));
    expect(told).toHaveLength(2);
  });
});

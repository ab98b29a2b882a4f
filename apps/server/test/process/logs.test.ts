import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTenant } from '../people.fixture.ts';
import { addPerson } from '../standing/people.fixture.ts';
import { ADMIN, type Cluster, startCluster } from './cluster.fixture.ts';
import { type Sent, send } from './load.fixture.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster([0], { LOG_LEVEL: 'debug' });
});
afterAll(() => cluster.stop());

const cookiesOf = (answer: Sent) => (answer.setCookie ?? []).map((line) => line.split(';')[0] ?? '');

describe('the log, however much is to be logged', () => {
  it('holds no password, cookie, token or key of anybody, right or wrong [threat 80]', async () => {
    const [url = ''] = cluster.urls;
    const secrets: string[] = [ADMIN.password];
    const post = async (path: string, body: object, cookies: string[] = [], more = {}) => {
      const answer = await send(`${url}/api/v1/auth/${path}`, {
        method: 'POST',
        headers: {
          origin: cluster.publicUrl,
          ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
          ...more,
        },
        body,
      });
      secrets.push(...cookiesOf(answer).map((cookie) => cookie.slice(cookie.indexOf('=') + 1)));
      return answer;
    };
    const secret = (text: string) => {
      secrets.push(text);
      return text;
    };
    const entered = await post('login', ADMIN);
    expect(entered.status).toBe(200);
    const renewed = await post('refresh', {}, cookiesOf(entered));
    expect(renewed.status).toBe(200);
    // Spent, and a forged one.
    await post('refresh', {}, cookiesOf(entered));
    await post('refresh', {}, [`__Secure-gh.console.rt=${secret('forged.refresh.cookie')}`]);
    await post('login', { ...ADMIN, password: secret('Wrong-Pass-4711') });
    await post('login', { email: ADMIN.email, password: { not: secret('A-Text-But-An-Object') } });
    await post('password/reset', {
      token: secret('made-up.token-of-a-link'),
      password: secret('New-Pass-4711'),
    });
    await post('password/set', { token: 'x', password: secret('weak-and-telling') });
    const me = (authorization: string) => send(`${url}/api/v1/auth/me`, { headers: { authorization } });
    await me(`Bearer ${secret('header.of-nobody.signature')}`);
    await me(`Basic ${secret('cm9vdDpzZWNyZXQ=')}`);
    await send(`${url}/reset-password?token=${secret('token-in-a-query')}`);
    await send(`${url}/nothing/here?access_token=${secret('access-token-in-a-query')}`);

    const person = await addPerson(cluster.seed, await addTenant(cluster.seed), ['admin']);
    const asked = await me(`Bearer ${secret(person.token)}`);
    expect(asked.status).toBe(200);
    // A fault on the way, with whatever it tells of the statement.
    await cluster.seed.sql('alter table gatehouse.login_throttles rename to away');
    expect((await post('login', { ...ADMIN, password: secret('Fault-Pass-4711') })).status).toBe(500);
    await cluster.seed.sql('alter table gatehouse.away rename to login_throttles');

    await expect.poll(() => cluster.output()).toMatch(/auth\/login","status":500/);
    const log = cluster.output();
    const telling = secrets.filter((text) => text.length > 6);
    expect(telling.length).toBeGreaterThan(12);
    expect(telling.filter((text) => log.includes(text))).toEqual([]);
    expect(log).not.toMatch(/-----BEGIN|"private|master[_-]?key["=:]/i);
  });
});

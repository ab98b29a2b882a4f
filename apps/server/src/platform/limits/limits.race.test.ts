import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
let second: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { RATE_LIMIT_AUTH_PER_MINUTE: '50' } });
  const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
  second = await startServer({
    database: name,
    clock: gatehouse.clock,
    env: { RATE_LIMIT_AUTH_PER_MINUTE: '50' },
  });
});
afterAll(async () => {
  await second.close();
  await gatehouse.close();
});

const ask = (server: TestServer, ip: string) =>
  server.browser({ ip }).post('/api/v1/auth/check-method', { email: 'ada@example.com' });

describe('five hundred requests at once at a limit of fifty [threat 54]', () => {
  it('pass exactly fifty, over two nodes', async () => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => ask(i % 2 ? gatehouse : second, '203.0.113.1')),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(50);
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(450);
    expect(refused[0]?.body.code).toBe('rate.limited');
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused[0]?.headers['ratelimit-limit']).toBe('50');
    expect(refused[0]?.headers['ratelimit-remaining']).toBe('0');
  });

  it('pass fifty to a host that takes another address of its /64 each time', async () => {
    const [here, elsewhere] = ['2001:db8:0:1', '2001:db8:0:2'];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => ask(gatehouse, `${here}:${i.toString(16)}::${i + 1}`)),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(50);
    expect((await ask(gatehouse, `${elsewhere}::1`)).status).toBe(200);
  });

  it('leave other addresses and other groups alone', async () => {
    expect((await ask(gatehouse, '203.0.113.2')).status).toBe(200);
    const login = await gatehouse
      .browser({ ip: '203.0.113.1' })
      .post('/api/v1/auth/login', { email: 'ada@example.com', password: 'x' });
    expect(login.status).toBe(401);
  });
});

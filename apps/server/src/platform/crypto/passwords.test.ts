import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { HASH_WORKERS: '1', HASH_QUEUE_LIMIT: '4' } });
  await gatehouse.admin();
});
afterAll(() => gatehouse.close());

const login = () => gatehouse.browser().post('/api/v1/auth/login', ADMIN);

describe('more sign-ins than hash threads', () => {
  it('wait up to the limit, and are asked to come back beyond it', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, login));
    const refused = answers.filter((answer) => answer.status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(refused[0]?.body.code).toBe('auth.busy');
    expect(refused[0]?.headers['retry-after']).toBe('2');
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(5);
    expect((await login()).status).toBe(200);
  });

  it('are served in the order in which they came, however eagerly newcomers ask', async () => {
    const { passwords } = gatehouse.server.deps;
    const order: string[] = [];
    const hash = (name: string) => passwords.hash('Some-Pass-1').then(() => order.push(name));
    const first = hash('first');
    const early = hash('early');
    const newcomer = first.then(() => hash('newcomer'));
    await Promise.all([first, early, newcomer]);
    expect(order).toEqual(['first', 'early', 'newcomer']);
  });
});

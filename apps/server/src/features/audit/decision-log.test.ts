import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer({ env: { DECISION_LOG_READ_SAMPLE: '10' } });
});
afterAll(() => gatehouse.close());

/** The log is written in batches, off the request path. */
async function decisions(least: number) {
  for (let tries = 0; tries < 300; tries += 1) {
    const rows = await gatehouse.sql<{ permission: string; resource: string; reason: string }>(
      'select permission, resource, reason from gatehouse.decisions',
    );
    if (rows.length >= least) return rows;
    await delay(100);
  }
  throw new Error('the decision log did not come');
}

describe('the decision log', () => {
  it('has every permitted change, and one read in so many', async () => {
    const admin = await gatehouse.admin();
    for (let read = 1; read <= 40; read += 1) expect((await admin.get('/api/v1/roles')).status).toBe(200);
    for (const slug of ['one', 'two', 'three'])
      expect((await admin.post('/api/v1/tenants', { name: slug, type: 'customer', slug })).status).toBe(201);
    const rows = await decisions(7);
    expect(rows.filter((row) => row.resource === 'POST /api/v1/tenants')).toHaveLength(3);
    expect(rows.filter((row) => row.resource === 'GET /api/v1/roles')).toHaveLength(4);
    expect(rows[0]?.reason).toContain('PLATFORM_ADMIN');
  });

  it('counts refused callers without an identity by the minute instead of keeping each', async () => {
    for (let attempt = 1; attempt <= 30; attempt += 1) await gatehouse.browser().get('/api/v1/users');
    const counted = async () => {
      const [row] = await gatehouse.sql<{ count: string }>(
        `select count from gatehouse.anonymous_denials where route = 'GET /api/v1/users' and code = 'auth.unauthenticated'`,
      );
      return row?.count;
    };
    await expect.poll(counted).toBe('30');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('GET /api/v1/audit', () => {
  it.each(['from', 'to'])('refuses a moment that no clock here shows as %s', async (bound) => {
    const admin = await gatehouse.admin();
    const ask = (time: string) => admin.get(`/api/v1/audit?${bound}=${encodeURIComponent(time)}`);
    const answer = await ask('2016-12-31T23:59:60Z');
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect((await ask('2026-11-21T10:00:00+02:00')).status).toBe(200);
  });
});

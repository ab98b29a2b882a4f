import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

type Caller = Awaited<ReturnType<typeof addCaller>>;

let gatehouse: TestServer;
let tenantId: Awaited<ReturnType<typeof addTenant>>;
let admin: Caller;
let agent: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenantId, 'admin');
  agent = await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT');
});

const refuse = async (by: Caller, times: number, path = '/clients') => {
  const answers = await Promise.all(Array.from({ length: times }, () => by.get(path)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
};
/** Oldest first. */
const denials = async (of: Caller) => {
  await gatehouse.server.deps.denials.flush();
  return itemsOf(
    await admin.get(`/audit?action=authorization_denied&actor=${of.userId}&limit=100`),
  ).reverse();
};
const nextMinute = () => gatehouse.clock.advance({ minutes: 1 });

describe('a signed-in caller who is refused over and over', () => {
  it('is on record ten times in a minute, and then once more with how many there were', async () => {
    await refuse(agent, 200);
    expect(await denials(agent)).toHaveLength(10);
    nextMinute();
    const seen = await denials(agent);
    expect(seen).toHaveLength(11);
    for (const record of seen.slice(0, 10))
      expect(record).toMatchObject({
        resource: { type: 'route', id: 'GET /api/v1/clients' },
        after: { permission: 'clients:read' },
      });
    const last = seen.at(-1);
    expect(last).toMatchObject({
      actor: { id: agent.userId },
      resource: { type: 'route', id: 'GET /api/v1/clients' },
      after: { permission: 'clients:read', count: 190 },
    });
    const { since, until } = (last as { after: { since: string; until: string } }).after;
    expect(Date.parse(since)).toBeLessThanOrEqual(Date.parse(until));
    expect(await denials(agent)).toHaveLength(11);
  });

  it('begins anew each minute, and loses nothing between them', async () => {
    for (let minute = 0; minute < 3; minute += 1) {
      await refuse(agent, 25);
      nextMinute();
    }
    const seen = (await denials(agent)) as { after: { count?: number } }[];
    expect(seen).toHaveLength(33);
    expect(seen.reduce((sum, { after }) => sum + (after.count ?? 1), 0)).toBe(75);
  });

  it('uses up nobody else’s place, and not that of another permission or tenant', async () => {
    const other = await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT');
    await refuse(agent, 30);
    await refuse(other, 1);
    await refuse(agent, 1, '/revocations');
    const elsewhere = await addTenant(gatehouse);
    expect((await agent.get(`/tenants/${elsewhere}/users`)).status).toBe(404);
    expect(await denials(other)).toHaveLength(1);
    const seen = (await denials(agent)) as { after: { permission?: string; code?: string } }[];
    const of = (wanted: string) =>
      seen.filter(({ after }) => (after.permission ?? after.code) === wanted).length;
    expect([of('clients:read'), of('revocations:read'), of('resource.not_found')]).toEqual([10, 1, 1]);
  });

  it('names no single thing where many were asked for', async () => {
    for (let n = 0; n < 12; n += 1) await refuse(agent, 1, n % 2 === 0 ? '/clients' : '/clients?limit=1');
    await Promise.all(
      Array.from({ length: 4 }, () => agent.get('/clients/00000000-0000-7000-8000-00000000beef')),
    );
    nextMinute();
    expect((await denials(agent)).at(-1)).toMatchObject({
      resource: { type: 'route', id: null },
      after: { count: 6 },
    });
  });

  it('is on record with the count when the server stops within the minute', async () => {
    const stopping = await startServer({ clock: gatehouse.clock });
    const own = await addTenant(stopping);
    const caller = await addCaller(stopping, own, 'SUPPORT_AGENT');
    for (let n = 0; n < 15; n += 1) await caller.get('/clients');
    await stopping.server.deps.denials.close();
    const records = await stopping.sql<{ count: number | null }>(
      `select (after->>'count')::int as count from gatehouse.audit_records where tenant_id = $1 and action = 'authorization_denied'`,
      [own],
    );
    expect(records).toHaveLength(11);
    expect(records.map(({ count }) => count ?? 1).reduce((sum, count) => sum + count, 0)).toBe(15);
    await stopping.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
import { untilWaiting } from '../../../test/locks.fixture.ts';
import { addCaller, addTenant, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';
import { createMaintenance } from './maintenance.ts';

let gatehouse: TestServer;
let tenant: TenantId;
beforeAll(async () => {
  gatehouse = await startServer();
  tenant = await addTenant(gatehouse);
});
afterAll(() => gatehouse.close());

const maintain = () => createMaintenance(gatehouse.server.deps).run();
const thisMonth = () => gatehouse.clock.now().toISOString().slice(0, 7).replace('-', '_');
const count = async (table: string) =>
  Number((await gatehouse.sql<{ count: string }>(`select count(*) from gatehouse.${table}`))[0]?.count);
const isMade = async (month: string) =>
  (
    await gatehouse.sql('select from pg_inherits where inhrelid = to_regclass($1)', [
      `gatehouse.audit_records_${month}`,
    ])
  ).length === 1;

/** Records of months that nobody has made: the service stood still, and acts come before its first hour is over. */
async function recordsInTheRest() {
  gatehouse.clock.advance({ days: 200 });
  const admin = await addCaller(gatehouse, tenant, 'admin');
  for (let n = 0; n < 5; n += 1)
    await admin.post('/users', { email: `${n}@m${thisMonth().replace('_', '-')}.example`, name: 'A' });
  expect(await count('audit_records_rest')).toBeGreaterThan(4);
  return admin;
}

describe('a month of which there are records already', () => {
  it('is made with them, while others are written: each is there once, and none is refused', async () => {
    const admin = await recordsInTheRest();
    const before = await count('audit_records');
    const [, ...answers] = await Promise.all([
      maintain(),
      ...Array.from({ length: 30 }, (_, n) =>
        admin.post('/users', { email: `w${n}@m${thisMonth().replace('_', '-')}.example`, name: 'W' }),
      ),
    ]);
    for (const { status, text } of answers) expect(status, text).toBe(201);
    expect(await isMade(thisMonth())).toBe(true);
    expect([await count('audit_records_rest'), await count('decisions_rest')]).toEqual([0, 0]);
    expect((await count('audit_records')) - before).toBe(30);
    expect(await count(`audit_records_${thisMonth()}`)).toBeGreaterThan(34);
    const listed = itemsOf(await admin.get('/audit?action=user_created&limit=100'));
    expect(new Set(listed.map(({ id }) => id)).size).toBe(35);
    const [table] = await gatehouse.sql<{ forced: boolean }>(
      'select relrowsecurity and relforcerowsecurity as forced from pg_class where relname = $1',
      [`audit_records_${thisMonth()}`],
    );
    expect(table?.forced).toBe(true);
  });

  it('lets a writer that comes while the month is attached wait, and then write into it', async () => {
    const admin = await recordsInTheRest();
    const added = await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query('select gatehouse.ensure_partitions($1)', [gatehouse.clock.now()]);
      const writer = admin.post('/users', { email: 'waits@x.example', name: 'W' });
      await untilWaiting(gatehouse, 1);
      await client.query('commit');
      return writer;
    });
    expect(added.status, added.text).toBe(201);
    expect(await count('audit_records_rest')).toBe(0);
  });

  it('holds nobody up while somebody reads for long, and is made in the next hour', async () => {
    const admin = await recordsInTheRest();
    await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query('select count(*) from gatehouse.audit_records');
      const from = performance.now();
      const [, added] = await Promise.all([
        maintain(),
        admin.post('/users', { email: 'held@x.example', name: 'H' }),
      ]);
      expect(added.status, added.text).toBe(201);
      expect(performance.now() - from).toBeLessThan(5000);
      expect(await isMade(thisMonth())).toBe(false);
      await client.query('commit');
    });
    await maintain();
    expect(await isMade(thisMonth())).toBe(true);
    expect(await count('audit_records_rest')).toBe(0);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCounting } from '../../../test/cost.fixture.ts';
import { addCaller, addTenant, allPages, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import { insertUser } from '../people/index.ts';

const NAMES = ['ada', 'Ada', 'Zoë', 'adam', 'Özil', 'Lee', 'lee', '李', 'O’Neil', 'a b'];
let gatehouse: TestServer;
let tenantId: TenantId;
let reader: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenantId = await addTenant(gatehouse);
  reader = await addCaller(gatehouse, tenantId, 'admin');
  const scope = enterOwn({ kind: 'system', tenantId, reason: 'test' });
  await gatehouse.server.deps.doors.withTenant(scope, async (tx) => {
    for (let n = 1; n < 120; n += 1) {
      // Names and times repeat, so that the id must decide; the last few share one moment.
      const now = new Date(gatehouse.clock.now().getTime() + Math.floor(n / 7) * 1000);
      await insertUser(tx, {
        email: `User${(n * 37) % 120}@example.com`,
        name: NAMES[n % NAMES.length] ?? '',
        status: n % 3 === 0 ? 'invited' : 'active',
        now,
      });
    }
  });
});
afterAll(() => gatehouse.close());

const ORDER = { name: 'lower(name)', email: 'email_key', createdAt: 'created_at' } as const;

describe('the pages of a list of 120 users', () => {
  it.each(
    (['name', 'email', 'createdAt'] as const).flatMap((field) => [[field], [`-${field}`]] as [string][]),
  )('sorted by %s hold each user once, in order', async (sort) => {
    const column = ORDER[sort.replace('-', '') as keyof typeof ORDER];
    const order = sort.startsWith('-') ? 'desc' : 'asc';
    const expected = await gatehouse.sql<{ id: string }>(
      `select id from gatehouse.users where tenant_id = $1 order by ${column} ${order}, id ${order}`,
      [tenantId],
    );
    expect(expected).toHaveLength(120);
    const pages = await allPages(reader, `/users?sort=${sort}`, 17);
    expect(pages.map((page) => itemsOf(page).length)).toEqual([17, 17, 17, 17, 17, 17, 17, 1]);
    expect(pages.flatMap(itemsOf).map((user) => user.id)).toEqual(expected.map(({ id }) => id));
  });

  it('come by name when nothing is asked, fifty at a time', async () => {
    const first = await reader.get('/users');
    expect(itemsOf(first)).toHaveLength(50);
    expect(itemsOf(first)).toEqual(itemsOf(await reader.get('/users?sort=name&limit=50')));
  });

  it('end with null exactly where the list ends', async () => {
    const pages = await allPages(reader, '/users', 60);
    expect(pages.map((page) => [itemsOf(page).length, page.body.nextCursor === null])).toEqual([
      [60, false],
      [60, true],
    ]);
  });

  it('keep to filter and search from page to page', async () => {
    const invited = (await allPages(reader, '/users?status=invited&search=lee&sort=-email', 2)).flatMap(
      itemsOf,
    );
    const expected = await gatehouse.sql<{ id: string }>(
      `select id from gatehouse.users where tenant_id = $1 and status = 'invited' and lower(name) = 'lee' order by email_key desc`,
      [tenantId],
    );
    expect(expected.length).toBeGreaterThan(4);
    expect(invited.map((user) => user.id)).toEqual(expected.map(({ id }) => id));
  });

  it('are read with as many statements for ten users as for a hundred', async () => {
    const counting = startCounting(gatehouse);
    const statements = async (limit: number) => {
      const cost = await counting.cost(async () => {
        const answer = await reader.get(`/users?limit=${limit}`);
        expect(itemsOf(answer)).toHaveLength(limit);
        return answer;
      });
      return cost.statements.length;
    };
    const ten = await statements(10);
    expect(ten).toBeGreaterThan(3);
    expect(await statements(100)).toBe(ten);
    counting.end();
  });

  it('take no cursor that was altered, is of another list, order, filter or tenant [threat 73]', async () => {
    const cursor = String((await reader.get('/users?limit=5')).body.nextCursor);
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const altered = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
    const refused = [
      await reader.get(`/users?limit=5&cursor=${altered}`),
      await reader.get(`/users?cursor=${cursor}&sort=-name`),
      await reader.get(`/users?cursor=${cursor}&status=active`),
      await reader.get(`/users?cursor=${cursor}&search=a`),
      await reader.get(`/memberships?cursor=${cursor}`),
      await other.get(`/users?cursor=${cursor}`),
      await reader.get(`/users?cursor=bm90aGluZw`),
    ];
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      refused.map(() => [400, 'request.cursor_invalid']),
    );
    expect((await reader.get(`/users?limit=9&cursor=${cursor}`)).status).toBe(200);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCounting } from '../../../test/cost.fixture.ts';
import { addCaller, addTenant, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let customer: TenantId;
beforeAll(async () => {
  gatehouse = await startServer();
  customer = await addTenant(gatehouse);
});
afterAll(() => gatehouse.close());

describe('what a record says of a person', () => {
  it('stays closed to a tenant whose person it is not, also right after this process used the key', async () => {
    const admin = await gatehouse.admin();
    const added = await admin.post(`/api/v1/tenants/${customer}/users`, {
      email: 'ada@customer.example',
      name: 'Ada',
    });
    expect(added.status).toBe(201);
    const reader = await addCaller(gatehouse, customer, 'admin');
    const [seen] = itemsOf(await reader.get('/audit?action=user_created'));
    expect(seen).toMatchObject({ actor: { kind: 'user', label: null }, ip: null, userAgent: null });
    expect(seen).toMatchObject({ after: { email: 'ada@customer.example', name: 'Ada' } });
  });

  it('is open to whoever acted from above, in the tenant that was entered and at home', async () => {
    const admin = await gatehouse.admin();
    for (const path of [`/api/v1/tenants/${customer}/audit`, '/api/v1/audit']) {
      const [seen] = itemsOf(await admin.get(`${path}?action=user_created`));
      expect(seen).toMatchObject({ actor: { label: 'root@example.com' }, ip: '127.0.0.1' });
    }
  });

  it('is opened for a page of thirty people with as many statements as for a page of three', async () => {
    const tenant = await addTenant(gatehouse);
    const reader = await addCaller(gatehouse, tenant, 'admin');
    const add = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, at) =>
          reader.post('/users', { email: `person${at}.of.${count}@example.com`, name: 'A Person' }),
        ),
      );
    const counting = startCounting(gatehouse);
    const read = async (limit: number) => {
      // As for somebody who comes to a process that knows none of their keys.
      gatehouse.server.deps.subjectKeys.forget();
      const { statements } = await counting.cost(async () => {
        const answer = await reader.get(`/audit?action=user_created&limit=${limit}`);
        const people = itemsOf(answer).map((item) => (item.after as { email: string }).email);
        expect(new Set(people).size).toBe(limit);
        return answer;
      });
      return statements.length;
    };
    try {
      for (const { status } of await add(30)) expect(status).toBe(201);
      const three = await read(3);
      expect(three).toBeGreaterThan(3);
      expect(await read(30)).toBe(three);
    } finally {
      counting.end();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});

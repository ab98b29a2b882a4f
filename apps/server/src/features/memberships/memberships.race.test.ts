import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('a guest who is deleted at home', () => {
  it('while the other tenant suspends and ends the membership is gone everywhere, and nobody meets a fault', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const boss = await addCaller(gatehouse, partner, 'admin');
    const customer = await addTenant(gatehouse, { parent: partner });
    const owner = await addCaller(gatehouse, customer, 'admin');
    for (let round = 1; round <= 20; round += 1) {
      const guest = await addCaller(gatehouse, partner);
      const { body } = await boss.post(`/tenants/${customer}/memberships`, { userId: guest.userId });
      const path = `/memberships/${String(body.id)}`;
      const answers = await Promise.all([
        owner.patch(path, { status: 'suspended' }),
        boss.delete(`/users/${guest.userId}`),
        owner.delete(path),
      ]);
      for (const { status, text } of answers) expect([200, 204, 404], text).toContain(status);
      const left = await gatehouse.sql(
        'select from gatehouse.principals where id = any($1) union all select from gatehouse.memberships where user_id = $2',
        [[guest.principalId, body.id], guest.userId],
      );
      expect(left).toEqual([]);
    }
  });

  it('cannot be made a member at the same moment and stay one', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const boss = await addCaller(gatehouse, partner, 'admin');
    const customer = await addTenant(gatehouse, { parent: partner });
    for (let round = 1; round <= 20; round += 1) {
      const guest = await addCaller(gatehouse, partner);
      const [added, deleted] = await Promise.all([
        boss.post(`/tenants/${customer}/memberships`, { userId: guest.userId }),
        boss.delete(`/users/${guest.userId}`),
      ]);
      expect([201, 404], added.text).toContain(added.status);
      expect(deleted.status).toBe(204);
      const left = await gatehouse.sql('select from gatehouse.memberships where user_id = $1', [
        guest.userId,
      ]);
      expect(left).toEqual([]);
      expect(
        await gatehouse.sql('select from gatehouse.principals where tenant_id = $1', [customer]),
      ).toEqual([]);
    }
  });
});

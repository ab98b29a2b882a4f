import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { enterOwn } from '../../platform/access/index.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { checkUserLimit } from '../people/index.ts';

let gatehouse: TestServer;
let platform: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
afterAll(() => gatehouse.close());

async function limit(tenantId: string, users: number | null): Promise<void> {
  const url = `/tenants/${tenantId}/settings`;
  const { version } = (await platform.get(url)).body;
  const answer = await platform.patch(url, { version, settings: { limits: { users } } });
  expect(answer.status, answer.text).toBe(200);
}
const members = async (tenantId: string) =>
  (
    await gatehouse.sql<{ n: number }>(
      'select count(*)::int as n from gatehouse.memberships where tenant_id = $1',
      [tenantId],
    )
  )[0]?.n;
const person = (n: number | string) => ({ email: `person-${n}@many.example`, name: `Person ${n}` });

describe('the users that a tenant may have', () => {
  it('are never more, however many are added at the same moment', async () => {
    for (let round = 1; round <= 3; round += 1) {
      const tenantId = await addTenant(gatehouse);
      const admin = await addCaller(gatehouse, tenantId, 'admin');
      await limit(tenantId, 5);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => admin.post('/users', person(`${round}-${n}`))),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
      const refused = answers.filter(({ status }) => status !== 201);
      expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
        refused.map(() => [409, 'tenants.user_limit_reached']),
      );
      expect(await members(tenantId)).toBe(5);
      // Nothing of who was refused stays: neither the user nor a mail.
      const left = await gatehouse.sql('select from gatehouse.users where tenant_id = $1', [tenantId]);
      expect(left).toHaveLength(5);
    }
  });

  it('count guests too, and make room when somebody goes', async () => {
    const partnerId = await addTenant(gatehouse, { type: 'partner' });
    const partner = await addCaller(gatehouse, partnerId, 'admin');
    const customerId = await addTenant(gatehouse, { parent: partnerId });
    const customer = await addCaller(gatehouse, customerId, 'admin');
    await limit(customerId, 1);
    const invite = () => partner.post(`/tenants/${customerId}/memberships`, { userId: partner.userId });
    expect((await invite()).body.code).toBe('tenants.user_limit_reached');
    await limit(customerId, 2);
    const made = await invite();
    expect(made.status, made.text).toBe(201);
    expect((await customer.post('/users', person('late'))).body.code).toBe('tenants.user_limit_reached');
    await customer.delete(`/memberships/${String(made.body.id)}`);
    expect((await customer.post('/users', person('late'))).status).toBe(201);
  });

  it('may be more than a limit that was set afterwards; then nobody is added, and nobody is removed', async () => {
    const tenantId = await addTenant(gatehouse);
    const admin = await addCaller(gatehouse, tenantId, 'admin');
    for (const n of [1, 2, 3]) await admin.post('/users', person(`before-${n}`));
    await limit(tenantId, 2);
    expect(await members(tenantId)).toBe(4);
    expect((await admin.post('/users', person('after'))).status).toBe(409);
    await limit(tenantId, null);
    expect((await admin.post('/users', person('after'))).status).toBe(201);
  });

  it('are counted together with those who were promised a place', async () => {
    const tenantId = await addTenant(gatehouse);
    await addCaller(gatehouse, tenantId, 'admin');
    const ask = (pending: number, id: TenantId = tenantId) =>
      gatehouse.server.deps.doors.withTenant(
        enterOwn({ kind: 'system', tenantId: id, reason: 'test' }),
        (tx) => checkUserLimit(tx, pending),
      );
    await expect(ask(1000)).resolves.toBeUndefined();
    await limit(tenantId, 3);
    await expect(ask(1)).resolves.toBeUndefined();
    await expect(ask(2)).rejects.toMatchObject({ code: 'tenants.user_limit_reached' });
  });
});

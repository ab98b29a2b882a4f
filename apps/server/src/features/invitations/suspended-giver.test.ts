import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptAs, invited } from '../../../test/invitations.fixture.ts';
import { addCaller, addTenant, openPartnership } from '../../../test/people.fixture.ts';
import { addOwner, freshAddress, mailedTo } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

describe('roles of an invitation', () => {
  it('are dropped that a partner gave whose tenant is suspended meanwhile', async () => {
    const { partner, customer, boss, owner } = await openPartnership(gatehouse);
    const email = freshAddress();
    const guest = await addOwner(gatehouse, { email });
    const made = await boss.post(`/tenants/${customer}/invitations`, { email, roles: ['admin'] });
    const token = tokenIn((await mailedTo(gatehouse, email)).at(-1));
    await gatehouse.sql(`update gatehouse.tenants set status = 'suspended' where id = $1`, [partner]);
    expect((await acceptAs(gatehouse, guest, token)).status).toBe(200);
    const roles = (await owner.get(`/memberships/${String(made.body.id)}`)).body.roles;
    expect(roles).toEqual([]);
  });
  it('are dropped that a guest gave whose home is suspended meanwhile', async () => {
    const tenant = await addTenant(gatehouse, { name: 'Harbour' });
    const admin = await addCaller(gatehouse, tenant, 'admin');
    const home = await addTenant(gatehouse);
    const visitor = await addCaller(gatehouse, home);
    await gatehouse.sql(`update gatehouse.users set email_verified_at = now() where id = $1`, [
      visitor.userId,
    ]);
    const inv = await invited(gatehouse, admin, visitor.email, ['admin']);
    await visitor.post('/auth/invitation/accept', { token: inv.token });
    await visitor.switchTo(tenant);
    const email = freshAddress();
    const accomplice = await addOwner(gatehouse, { email });
    const made = await invited(gatehouse, visitor, email, ['admin']);
    await gatehouse.sql(`update gatehouse.tenants set status = 'suspended' where id = $1`, [home]);
    expect((await acceptAs(gatehouse, accomplice, made.token)).status).toBe(200);
    const roles = (await admin.get(`/memberships/${made.id}`)).body.roles;
    expect(roles).toEqual([]);
  });
});

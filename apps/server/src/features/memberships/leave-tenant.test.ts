import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf, openPartnership } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { newId, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let partner: TenantId;
let customer: TenantId;
let boss: Caller;
let owner: Caller;
let guest: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  ({ partner, customer, boss, owner } = await openPartnership(gatehouse));
  guest = await addCaller(gatehouse, partner);
});

/** Makes somebody of the partner a member of the customer. Answers the membership's id. */
async function bring(person: Caller, ...roles: string[]): Promise<string> {
  const answer = await boss.post(`/tenants/${customer}/memberships`, { userId: person.userId });
  expect(answer.status, answer.text).toBe(201);
  const id = String(answer.body.id);
  for (const role of roles) {
    const given = await boss.post(`/tenants/${customer}/role-assignments`, { principalId: id, role });
    expect(given.status, given.text).toBe(201);
  }
  return id;
}
const leave = (person: Caller, tenantId: string = customer) => person.delete(`/auth/tenants/${tenantId}`);
const isMember = async (person: Caller) =>
  (
    await gatehouse.sql('select from gatehouse.memberships where tenant_id = $1 and user_id = $2', [
      customer,
      person.userId,
    ])
  ).length === 1;

describe('DELETE /api/v1/auth/tenants/{id}', () => {
  it('ends the guest’s own membership with its roles, on record in both tenants, and touches nothing at home', async () => {
    const id = await bring(guest, 'SUPPORT_AGENT');
    const answer = await leave(guest);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await isMember(guest)).toBe(false);
    expect(
      await gatehouse.sql('select from gatehouse.role_assignments where principal_id = $1', [id]),
    ).toEqual([]);
    const there = itemsOf(await owner.get(`/audit?action=membership_deleted&resourceId=${id}`));
    expect(there).toMatchObject([
      {
        actor: { id: guest.userId },
        before: { userId: guest.userId, status: 'active', roles: ['SUPPORT_AGENT'] },
      },
    ]);
    const atHome = itemsOf(await boss.get(`/audit?action=membership_deleted&resourceId=${id}`));
    expect(atHome).toMatchObject([{ actor: { id: guest.userId }, after: { of: customer } }]);
    expect((await guest.get('/auth/me')).body).toMatchObject({ tenant: { id: partner } });
    expect(itemsOf(await guest.get('/auth/tenants')).map((tenant) => tenant.id)).toEqual([partner]);
  });

  it('ends the sessions that work there, the present one too, and no other', async () => {
    await bring(guest);
    const elsewhere = await addCaller(gatehouse, customer);
    expect((await guest.switchTo(customer)).status).toBe(200);
    expect((await leave(guest)).status).toBe(204);
    expect((await guest.get('/auth/me')).status).toBe(401);
    expect((await elsewhere.get('/auth/me')).status).toBe(200);
    await guest.signInAgain();
    expect((await guest.get('/auth/me')).status).toBe(200);
  });

  it('is not the way out of the home tenant, whichever tenant one works in', async () => {
    await bring(guest);
    for (const [person, home] of [
      [owner, customer],
      [guest, partner],
    ] as const) {
      const answer = await leave(person, home);
      expect([answer.status, answer.body.code]).toEqual([409, 'memberships.home_fixed']);
    }
    await guest.switchTo(customer);
    expect((await leave(guest, partner)).body.code).toBe('memberships.home_fixed');
    expect((await guest.get('/auth/me')).status).toBe(200);
  });

  it('finds nothing where one is no member, was suspended, or the tenant is, and changes nothing [threat 5]', async () => {
    const id = await bring(guest);
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    // A partner's administrator may act in its customers, and is nobody's guest there.
    for (const person of [stranger, boss])
      expect([(await leave(person)).status, (await leave(person, newId())).status]).toEqual([404, 404]);
    await owner.patch(`/memberships/${id}`, { status: 'suspended' });
    expect((await leave(guest)).body.code).toBe('resource.not_found');
    await owner.patch(`/memberships/${id}`, { status: 'active' });
    await boss.post(`/tenants/${customer}/suspend`);
    expect((await leave(guest)).body.code).toBe('resource.not_found');
    expect(await isMember(guest)).toBe(true);
  });

  it('needs a session, the CSRF token, and an id', async () => {
    await bring(guest);
    const visitor = gatehouse.browser();
    expect((await visitor.delete(`/api/v1/auth/tenants/${customer}`)).status).toBe(401);
    const admin = await gatehouse.admin();
    admin.csrf = 'another';
    expect((await admin.delete(`/api/v1/auth/tenants/${customer}`)).body.code).toBe('auth.csrf_refused');
    expect((await leave(guest, 'customer')).status).toBe(400);
  });

  it('is not for the last administrator, where guests alone administer the tenant', async () => {
    customer = await addTenant(gatehouse, { parent: partner });
    const other = await addCaller(gatehouse, partner);
    await bring(guest, 'admin');
    await bring(other, 'admin');
    expect((await leave(other)).status).toBe(204);
    const answer = await leave(guest);
    expect([answer.status, answer.body.code]).toEqual([409, 'users.last_administrator']);
    expect(await isMember(guest)).toBe(true);
    await addCaller(gatehouse, customer, 'admin');
    expect((await leave(guest)).status).toBe(204);
  });
});

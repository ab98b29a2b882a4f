import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
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

describe('guests who leave', () => {
  /** A customer of a partner, and people of the partner who work there with these roles. */
  async function guestsOf(...roles: (string | undefined)[]) {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const boss = await addCaller(gatehouse, partner, 'admin');
    const customer = await addTenant(gatehouse, { parent: partner });
    const guests: { person: Caller; id: string }[] = [];
    for (const role of roles) {
      const person = await addCaller(gatehouse, partner);
      const { body } = await boss.post(`/tenants/${customer}/memberships`, { userId: person.userId });
      const id = String(body.id);
      if (role !== undefined)
        await boss.post(`/tenants/${customer}/role-assignments`, { principalId: id, role });
      guests.push({ person, id });
    }
    return { boss, customer, guests };
  }

  it('at the same moment, being the last administrators, leave one', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const { customer, guests } = await guestsOf('admin', 'admin');
      const answers = await Promise.all(
        guests.map(({ person }) => person.delete(`/auth/tenants/${customer}`)),
      );
      expect(
        answers.map(({ status }) => status).sort((a, b) => a - b),
        answers.map(({ text }) => text).join(),
      ).toEqual([204, 409]);
      const left = await gatehouse.sql('select from gatehouse.memberships where tenant_id = $1', [customer]);
      expect(left).toHaveLength(1);
    }
  });

  it('several times at once, while they go there and are put out, are gone once and stay nowhere', async () => {
    const { boss, customer, guests } = await guestsOf(...Array.from({ length: 10 }, () => undefined));
    for (const { person, id } of guests) {
      const [switched, ...ended] = await Promise.all([
        person.switchTo(customer),
        person.delete(`/auth/tenants/${customer}`),
        person.delete(`/auth/tenants/${customer}`),
        boss.delete(`/tenants/${customer}/memberships/${id}`),
      ]);
      expect([200, 401, 404], switched.text).toContain(switched.status);
      // The session that leaves may have ended by the switch.
      for (const { status, text } of ended) expect([204, 401, 404], text).toContain(status);
      expect(ended.filter(({ status }) => status === 204)).toHaveLength(1);
      const open = await gatehouse.sql(
        `select id from gatehouse.memberships where id = $1 union all select id from gatehouse.sessions
         where user_id = $2 and active_tenant_id = $3 and ended_at is null`,
        [id, person.userId, customer],
      );
      expect(open).toEqual([]);
    }
  });
});

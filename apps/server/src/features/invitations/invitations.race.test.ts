import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { addOwner, freshAddress, mailedTo, signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenant: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenant = await addTenant(gatehouse, { name: 'Harbour' });
  admin = await addCaller(gatehouse, tenant, 'admin');
});
afterAll(() => gatehouse.close());

async function invited(email: string) {
  const answer = await admin.post('/invitations', { email, roles: ['SUPPORT_AGENT'] });
  return { id: String(answer.body.id), token: tokenIn((await mailedTo(gatehouse, email)).at(-1)) };
}
const count = async (table: 'memberships' | 'principals' | 'invitations', id: string) =>
  (await gatehouse.sql(`select from gatehouse.${table} where tenant_id = $1 and id = $2`, [tenant, id]))
    .length;

describe('one invitation, many at once', () => {
  it('is accepted once of fifty acceptances at the same moment [threat 57]', async () => {
    const guest = await addOwner(gatehouse);
    const { id, token } = await invited(guest.email);
    const browser = await signedIn(gatehouse, guest);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => browser.clone().post('/api/v1/auth/invitation/accept', { token })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.link_invalid')).toHaveLength(49);
    expect(await count('memberships', id)).toBe(1);
    const records = await gatehouse.sql(
      `select from gatehouse.audit_records where tenant_id = $1 and action = 'invitation_accepted' and resource_id = $2`,
      [tenant, id],
    );
    expect(records).toHaveLength(1);
  });

  it('makes one account of fifty registrations at the same moment', async () => {
    const { id, token } = await invited(freshAddress());
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        gatehouse
          .browser()
          .post('/api/v1/auth/invitation/register', { token, name: 'X', password: `Good-Pass-${n}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.link_invalid')).toHaveLength(49);
    expect(await count('memberships', id)).toBe(1);
  });

  it('lets exactly as many of fifty in as the tenant may have, when all accept at the same moment (spec T5)', async () => {
    const crowded = await addTenant(gatehouse);
    const host = await addCaller(gatehouse, crowded, 'admin');
    const links = [];
    for (let n = 0; n < 50; n += 1) {
      const email = freshAddress();
      expect((await host.post('/invitations', { email })).status).toBe(201);
      links.push(tokenIn((await mailedTo(gatehouse, email)).at(-1)));
    }
    await gatehouse.sql(`update gatehouse.tenants set settings = '{"limits":{"users":8}}' where id = $1`, [
      crowded,
    ]);
    const answers = await Promise.all(
      links.map((token) =>
        gatehouse
          .browser()
          .post('/api/v1/auth/invitation/register', { token, name: 'X', password: 'Good-Pass-1' }),
      ),
    );
    const refused = answers.filter(({ body }) => body.code === 'tenants.user_limit_reached');
    expect([answers.filter(({ status }) => status === 204).length, refused.length]).toEqual([7, 43]);
    const members = await gatehouse.sql('select from gatehouse.memberships where tenant_id = $1', [crowded]);
    expect(members).toHaveLength(8);
  });

  it('is accepted or taken back, and never both, and nobody meets a fault', async () => {
    for (let round = 0; round < 10; round += 1) {
      const guest = await addOwner(gatehouse);
      const { id, token } = await invited(guest.email);
      const browser = await signedIn(gatehouse, guest);
      const [accepted, revoked] = await Promise.all([
        browser.post('/api/v1/auth/invitation/accept', { token }),
        admin.delete(`/invitations/${id}`),
      ]);
      expect([200, 400]).toContain(accepted.status);
      expect([204, 404]).toContain(revoked.status);
      expect(accepted.status === 200).toBe(revoked.status === 404);
      const stands = accepted.status === 200 ? 1 : 0;
      expect(await count('memberships', id)).toBe(stands);
      expect(await count('principals', id)).toBe(stands);
      expect(await count('invitations', id)).toBe(0);
    }
  });

  it('is made once of four for the same address at the same moment', async () => {
    const email = freshAddress();
    const answers = await Promise.all(Array.from({ length: 4 }, () => admin.post('/invitations', { email })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });
});

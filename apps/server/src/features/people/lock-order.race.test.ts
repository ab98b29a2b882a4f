import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addGuest } from '../../../test/guests.fixture.ts';
import { ACCEPT, invited } from '../../../test/invitations.fixture.ts';
import { freeWhileHeld, meeting } from '../../../test/locks.fixture.ts';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { addOwner, signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Caller;
let home: TenantId;
let elsewhere: TenantId;
let boss: Caller;
let host: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
beforeEach(async () => {
  home = await addTenant(gatehouse);
  elsewhere = await addTenant(gatehouse, { name: 'Elsewhere' });
  boss = await addCaller(gatehouse, home, 'admin');
  host = await addCaller(gatehouse, elsewhere, 'admin');
});
afterAll(() => gatehouse.close());

/** Somebody who is signed in at home, and works elsewhere in that session. */
async function guest() {
  const person = await addCaller(gatehouse, home);
  const membershipId = await addGuest(gatehouse, elsewhere, person);
  expect((await person.switchTo(elsewhere)).status).toBe(200);
  return { ...person, membership: `/memberships/${membershipId}` };
}
const openSessions = (userId: string) =>
  gatehouse.sql('select from gatehouse.sessions where user_id = $1 and ended_at is null', [userId]);

describe('an account that ends at home', () => {
  it.each([
    ['deleted', 'ended'],
    ['erased', 'ended'],
    ['deleted', 'suspended'],
  ])('by being %s waits for nobody by whom its membership elsewhere is %s', async (end, there) => {
    const { userId, membership } = await guest();
    const [gone, met] = await meeting(
      gatehouse,
      'revocations',
      () => (end === 'deleted' ? boss.delete(`/users/${userId}`) : boss.post(`/users/${userId}/erase`)),
      () => (there === 'ended' ? host.delete(membership) : host.patch(membership, { status: 'suspended' })),
    );
    expect(gone.status, gone.text).toBe(204);
    expect(met.status, met.text).toBe(404);
    expect(await gatehouse.sql('select from gatehouse.memberships where user_id = $1', [userId])).toEqual([]);
  });

  it.each(['elsewhere', 'at home'])('waits for nobody who suspends the tenant %s', async (where) => {
    const { userId } = await guest();
    const tenant = where === 'at home' ? home : elsewhere;
    const [gone, suspended] = await meeting(
      gatehouse,
      'revocations',
      () => boss.delete(`/users/${userId}`),
      () => platform.post(`/tenants/${tenant}/suspend`),
    );
    expect(gone.status, gone.text).toBe(204);
    expect(suspended.status, suspended.text).toBe(200);
  });

  it('waits for nobody who accepts an invitation with it', async () => {
    const owner = await addOwner(gatehouse);
    const { token } = await invited(gatehouse, host, owner.email);
    const browser = await signedIn(gatehouse, owner);
    const [gone, accepted] = await meeting(
      gatehouse,
      'one_time_tokens',
      () => platform.post(`/tenants/${owner.tenantId}/users/${owner.userId}/erase`),
      () => browser.post(ACCEPT, { token }),
    );
    expect(gone.status, gone.text).toBe(204);
    expect(accepted.status, accepted.text).toBe(400);
    expect(accepted.body.code).toBe('auth.link_invalid');
  });
});

describe('a session that goes on under another id', () => {
  it('waits for nobody who suspends its client, and neither lives on', async () => {
    const client = await platform.post('/clients', {
      clientId: 'meeting',
      name: 'App',
      kind: 'spa',
      tokenMode: 'bearer',
    });
    const owner = await addOwner(gatehouse, { tenantId: home });
    await addGuest(gatehouse, elsewhere, owner);
    const browser = gatehouse.browser({ origin: undefined });
    const credentials = { email: owner.email, password: PASSWORD, client: 'meeting' };
    const { access_token: token } = (await browser.post('/api/v1/auth/login', credentials)).body;
    const [switched, suspended] = await meeting(
      gatehouse,
      'revocations',
      () =>
        browser.post(
          '/api/v1/auth/switch-tenant',
          { tenantId: elsewhere },
          { authorization: `Bearer ${String(token)}` },
        ),
      () => platform.post(`/clients/${String(client.body.id)}/suspend`),
    );
    expect([200, 401], switched.text).toContain(switched.status);
    expect(suspended.status, suspended.text).toBe(200);
    const left = await gatehouse.sql(
      `select from gatehouse.sessions where client_id = 'meeting' and ended_at is null`,
    );
    expect(left).toEqual([]);
  });
});

describe('a session that ends while its tenant is suspended', () => {
  it('ends, and nobody meets a fault', async () => {
    const { userId } = await addCaller(gatehouse, home);
    const [ended, suspended] = await meeting(
      gatehouse,
      'revocations',
      () => boss.post(`/users/${userId}/sessions/end`),
      () => platform.post(`/tenants/${home}/suspend`),
    );
    expect(ended.status, ended.text).toBe(200);
    expect(suspended.status, suspended.text).toBe(200);
    expect(await openSessions(userId)).toEqual([]);
  });
});

describe('whoever ends many sessions at once', () => {
  it('takes them in the order of their ids, not in that of the table', async () => {
    const { userId } = await guest();
    // A copy of the session under an id before it: it lies behind it in the table.
    const first = newId().replace(/^.{8}/, '00000000');
    const [row] = await gatehouse.sql<{ last: string }>(
      `with copied as (insert into gatehouse.sessions select (jsonb_populate_record(s, jsonb_build_object('id', $1::text))).*
         from gatehouse.sessions s where s.user_id = $2 and s.ended_at is null)
       select id as last from gatehouse.sessions where user_id = $2 and ended_at is null`,
      [first, userId],
    );
    const last = String(row?.last);
    const { answer, free } = await freeWhileHeld(gatehouse, { held: first, of: [first, last] }, () =>
      platform.post(`/tenants/${elsewhere}/suspend`),
    );
    expect(answer.status, answer.text).toBe(200);
    expect(free).toEqual([last]);
    expect(await openSessions(userId)).toEqual([]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addGuest } from '../../../test/guests.fixture.ts';
import {
  addCaller,
  addTenant,
  allPages,
  type Caller,
  itemsOf,
  openPartnership,
} from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let partner: TenantId;
let customer: TenantId;
let boss: Caller;
let colleague: Caller;
let owner: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  ({ partner, customer, boss, owner } = await openPartnership(gatehouse));
  colleague = await addCaller(gatehouse, partner, 'SALES_REP');
});

const inCustomer = () => `/tenants/${customer}/memberships`;
const addColleague = async () => {
  const answer = await boss.post(inCustomer(), { userId: colleague.userId });
  expect(answer.status).toBe(201);
  return String(answer.body.id);
};
const moveColleague = async () => expect((await colleague.switchTo(customer)).status).toBe(200);
const recordsOf = async (reader: Caller, action: string, id: string) =>
  itemsOf(await reader.get(`/audit?action=${action}&resourceId=${id}`));

describe('POST /api/v1/tenants/{id}/memberships', () => {
  it('makes a colleague a member who holds nothing, on record in both tenants', async () => {
    const answer = await boss.post(inCustomer(), { userId: colleague.userId });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(String),
      tenantId: customer,
      userId: colleague.userId,
      userTenantId: partner,
      home: false,
      status: 'active',
      roles: [],
      createdAt: gatehouse.clock.now().toISOString(),
    });
    expect(await recordsOf(owner, 'membership_created', String(answer.body.id))).toMatchObject([
      { after: { userId: colleague.userId, userTenantId: partner, status: 'active' } },
    ]);
    expect(await recordsOf(boss, 'membership_created', String(answer.body.id))).toMatchObject([
      { after: { of: customer } },
    ]);
    expect((await owner.get(`/memberships/${String(answer.body.id)}`)).body).toEqual(answer.body);
    expect((await owner.get(`/users/${colleague.userId}`)).status).toBe(404);
  });

  it('lets the colleague work there with the roles that are given, and with no others', async () => {
    const id = await addColleague();
    await moveColleague();
    expect((await colleague.get('/users')).body.missingPermission).toBe('users:read');
    await boss.post(`/tenants/${customer}/role-assignments`, { principalId: id, role: 'SUPPORT_AGENT' });
    expect(itemsOf(await colleague.get('/users')).map((user) => user.id)).toEqual([owner.userId]);
    expect(itemsOf(await owner.get('/memberships?home=false'))).toMatchObject([
      { id, roles: ['SUPPORT_AGENT'] },
    ]);
  });

  it('refuses a second one, and people who are at home there', async () => {
    await addColleague();
    const twice = await boss.post(inCustomer(), { userId: colleague.userId });
    expect([twice.status, twice.body.code]).toEqual([409, 'memberships.exists']);
    const home = await owner.post('/memberships', { userId: owner.userId });
    expect([home.status, home.body.code]).toEqual([409, 'memberships.exists']);
    const principals = await gatehouse.sql('select from gatehouse.principals where tenant_id = $1', [
      customer,
    ]);
    expect(principals).toHaveLength(2);
  });

  it('knows only users of the caller’s own home: nobody of a third tenant and nobody of the entered one [threat 5]', async () => {
    const third = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    for (const userId of [third.userId, owner.userId, newId()]) {
      const answer = await boss.post(inCustomer(), { userId });
      expect([answer.status, answer.body.code]).toEqual([404, 'resource.not_found']);
    }
    for (const userId of [third.userId, colleague.userId, newId()])
      expect((await owner.post('/memberships', { userId })).status).toBe(404);
    expect((await third.post(inCustomer(), { userId: third.userId })).status).toBe(404);
    expect(
      await gatehouse.sql('select from gatehouse.memberships where tenant_id = $1', [customer]),
    ).toHaveLength(1);
  });

  it('is not for guests: what they may here says nothing about the people of their home', async () => {
    const id = await addColleague();
    await boss.post(`/tenants/${customer}/role-assignments`, { principalId: id, role: 'admin' });
    await moveColleague();
    const answer = await colleague.post('/memberships', { userId: boss.userId });
    expect([answer.status, answer.body.code]).toEqual([403, 'access.denied']);
    expect(await recordsOf(owner, 'authorization_denied', customer)).toMatchObject([
      {
        actor: { id: colleague.userId },
        resource: { type: 'tenant', id: customer },
        after: { permission: 'memberships:create' },
        correlationId: answer.body.correlationId,
      },
    ]);
  });

  it('is not for guests of a partner in the partner’s customers either', async () => {
    const home = await addTenant(gatehouse);
    const guest = await addCaller(gatehouse, home, 'admin');
    const neighbour = await addCaller(gatehouse, home, 'SALES_REP');
    const id = await addGuest(gatehouse, partner, guest);
    expect((await boss.post('/role-assignments', { principalId: id, role: 'admin' })).status).toBe(201);
    expect((await guest.switchTo(partner)).status).toBe(200);
    expect((await guest.get(`/tenants/${customer}`)).status).toBe(200);
    const answer = await guest.post(inCustomer(), { userId: neighbour.userId });
    expect([answer.status, answer.body.code]).toEqual([403, 'access.denied']);
  });

  it.each([
    ['a tenant', { userTenantId: ROOT_TENANT }],
    ['roles', { roles: ['admin'] }],
    ['a status', { status: 'active' }],
    ['permissions', { permissions: ['users:read'] }],
  ])('refuses %s in the body [threat 71]', async (_what, extra) => {
    const answer = await boss.post(inCustomer(), { userId: colleague.userId, ...extra });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });

  it('is done once by many requests at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => boss.post(inCustomer(), { userId: colleague.userId })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'memberships.exists')).toHaveLength(9);
  });
});

describe('PATCH /api/v1/memberships/{id}', () => {
  it('suspends from the next request on, in this tenant only, and lets in again', async () => {
    const id = await addColleague();
    await moveColleague();
    expect((await colleague.get('/auth/me')).body.tenant).toMatchObject({ id: customer });
    const suspended = await owner.patch(`/memberships/${id}`, { status: 'suspended' });
    expect([suspended.status, suspended.body.status]).toEqual([200, 'suspended']);
    expect((await colleague.get('/auth/me')).status).toBe(401);
    await colleague.signInAgain();
    expect((await colleague.get('/auth/me')).body.tenant).toMatchObject({ id: partner });
    expect((await colleague.switchTo(customer)).status).toBe(404);
    expect((await owner.patch(`/memberships/${id}`, { status: 'active' })).body.status).toBe('active');
    await moveColleague();
    expect(await recordsOf(owner, 'membership_updated', id)).toMatchObject([
      { before: { status: 'suspended' }, after: { status: 'active' } },
      { before: { status: 'active' }, after: { status: 'suspended' } },
    ]);
    const told = await gatehouse.sql(
      'select kind, epoch from gatehouse.revocations where subject_id = $1 order by seq',
      [id],
    );
    expect(told).toEqual([
      { kind: 'principal', epoch: 1 },
      { kind: 'principal', epoch: 2 },
    ]);
  });

  it('changes and records nothing where the status is that already', async () => {
    const id = await addColleague();
    expect((await owner.patch(`/memberships/${id}`, { status: 'active' })).status).toBe(200);
    expect(await recordsOf(owner, 'membership_updated', id)).toEqual([]);
  });

  it('keeps everybody their own membership', async () => {
    const own = await owner.patch(`/memberships/${owner.principalId}`, { status: 'suspended' });
    expect([own.status, own.body.code]).toEqual([409, 'users.self_forbidden']);
  });

  it('leaves the membership at home to the user, whose suspension ends the sessions', async () => {
    const second = await addCaller(gatehouse, customer, 'admin');
    const answer = await second.patch(`/memberships/${owner.principalId}`, { status: 'suspended' });
    expect([answer.status, answer.body.code]).toEqual([409, 'memberships.home_fixed']);
    expect((await owner.get('/auth/me')).status).toBe(200);
  });

  it('is refused on somebody who governs what the caller does not [threat 72]', async () => {
    const ordinary = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const answer = await ordinary.patch(`/memberships/${platform.principalId}`, { status: 'suspended' });
    expect([answer.status, answer.body.code]).toEqual([403, 'access.denied']);
    expect((await platform.get('/auth/me')).status).toBe(200);
  });

  it.each([{}, { status: 'invited' }, { status: 'active', roles: ['admin'] }, { home: true }])(
    'refuses %o',
    async (body) => {
      const answer = await boss.patch(`/memberships/${colleague.principalId}`, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    },
  );
});

describe('DELETE /api/v1/memberships/{id}', () => {
  it('ends a guest’s membership with its roles, and leaves the user alone', async () => {
    const id = await addColleague();
    await boss.post(`/tenants/${customer}/role-assignments`, { principalId: id, role: 'SALES_REP' });
    await moveColleague();
    expect((await owner.delete(`/memberships/${id}`)).status).toBe(204);
    expect((await colleague.get('/auth/me')).status).toBe(401);
    expect((await owner.get(`/memberships/${id}`)).status).toBe(404);
    expect((await owner.delete(`/memberships/${id}`)).status).toBe(404);
    expect(
      await gatehouse.sql('select from gatehouse.role_assignments where principal_id = $1', [id]),
    ).toEqual([]);
    expect((await boss.get(`/users/${colleague.userId}`)).body.status).toBe('active');
    expect(await recordsOf(owner, 'membership_deleted', id)).toMatchObject([
      { before: { userId: colleague.userId, userTenantId: partner, status: 'active', roles: ['SALES_REP'] } },
    ]);
    const again = await boss.post(inCustomer(), { userId: colleague.userId });
    expect([again.status, again.body.roles]).toEqual([201, []]);
  });

  it('leaves the membership at home to the user’s own end', async () => {
    const answer = await boss.delete(`/memberships/${colleague.principalId}`);
    expect([answer.status, answer.body.code]).toEqual([409, 'memberships.home_fixed']);
    expect((await colleague.get('/auth/me')).status).toBe(200);
  });
});

describe('GET /api/v1/memberships', () => {
  it('lists users and guests once each over all pages, both ways, by status and by home', async () => {
    for (let n = 1; n <= 12; n += 1) {
      const { userId } = await addCaller(gatehouse, partner, 'SALES_REP');
      const { id } = (await boss.post(inCustomer(), { userId })).body;
      if (n % 3 === 0) await boss.patch(`${inCustomer()}/${String(id)}`, { status: 'suspended' });
      if (n % 4 === 0) gatehouse.clock.advance({ seconds: 1 });
    }
    const expected = await gatehouse.sql<{ id: string; home: boolean }>(
      'select id, user_tenant_id = tenant_id as home from gatehouse.memberships where tenant_id = $1 order by created_at, id',
      [customer],
    );
    const atHome = expected.filter(({ home }) => home).length;
    const ids = async (query: string) =>
      (await allPages(boss, `${inCustomer()}${query}`, 3))
        .flatMap(itemsOf)
        .map((membership) => membership.id);
    expect(expected).toHaveLength(12 + atHome);
    expect(await ids('')).toEqual(expected.map(({ id }) => id));
    expect(await ids('?sort=-createdAt')).toEqual(expected.map(({ id }) => id).reverse());
    expect(await ids('?status=suspended')).toHaveLength(4);
    expect(await ids('?home=true')).toHaveLength(atHome);
    expect(await ids('?home=false')).toHaveLength(12);
  });

  it.each(['status=gone', 'home=maybe', 'sort=name', 'userId=x'])('refuses ?%s', async (query) => {
    expect((await boss.get(`/memberships?${query}`)).body.code).toBe('request.invalid');
  });

  it('takes no cursor of another filter or tenant [threat 73]', async () => {
    const cursor = String((await boss.get('/memberships?limit=1')).body.nextCursor);
    for (const path of [
      `/memberships?home=true&cursor=${cursor}`,
      `/memberships?sort=-createdAt&cursor=${cursor}`,
      `${inCustomer()}?cursor=${cursor}`,
    ])
      expect((await boss.get(path)).body.code).toBe('request.cursor_invalid');
  });
});

describe('access to memberships', () => {
  it('of another tenant: they are not there [threat 5]', async () => {
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const id = await addColleague();
    for (const path of [`/memberships/${id}`, `${inCustomer()}/${id}`, `/memberships/${newId()}`]) {
      expect((await stranger.get(path)).status).toBe(404);
      expect((await stranger.patch(path, { status: 'suspended' })).status).toBe(404);
      expect((await stranger.delete(path)).status).toBe(404);
    }
    expect((await owner.get(`/memberships/${id}`)).body.status).toBe('active');
  });

  it('needs the permission that is named', async () => {
    const viewer = await addCaller(gatehouse, customer, 'admin_viewer');
    const sales = await addCaller(gatehouse, customer, 'SALES_REP');
    const path = `/memberships/${owner.principalId}`;
    expect((await viewer.get(path)).status).toBe(200);
    const refused = [
      [await sales.get('/memberships'), 'memberships:read'],
      [await sales.get(path), 'memberships:read'],
      [await viewer.post('/memberships', { userId: newId() }), 'memberships:create'],
      [await viewer.patch(path, { status: 'active' }), 'memberships:suspend'],
      [await viewer.delete(path), 'memberships:delete'],
    ] as const;
    for (const [answer, permission] of refused) {
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({ code: 'access.denied', missingPermission: permission });
    }
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, TestBrowser } from '../../../test/browser.fixture.ts';
import { addGuest } from '../../../test/guests.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { addOwner, CHANGE, signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { assignRole, PASSWORD, type Person } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const SWITCH = '/api/v1/auth/switch-tenant';
const ME = '/api/v1/auth/me';

let gatehouse: TestServer;
let guest: Person;
let browser: TestBrowser;
let elsewhere: TenantId;
let host: Caller;
let membershipId: string;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  guest = await addOwner(gatehouse);
  await assignRole(gatehouse, guest.tenantId, guest.principalId, 'admin');
  elsewhere = await addTenant(gatehouse, { name: 'Elsewhere' });
  host = await addCaller(gatehouse, elsewhere, 'admin');
  membershipId = await addGuest(gatehouse, elsewhere, guest);
  await gatehouse.sql('update gatehouse.sessions set ended_at = now() where user_id = $1', [guest.userId]);
  browser = await signedIn(gatehouse, guest);
});

const switchTo = (tenantId: string, by = browser) => by.post(SWITCH, { tenantId });
const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

describe('GET /api/v1/auth/tenants', () => {
  it('lists home and further tenants by name, with which of them the session works in', async () => {
    const answer = await browser.get('/api/v1/auth/tenants');
    expect(answer.status).toBe(200);
    const items = itemsOf(answer);
    expect(items).toHaveLength(2);
    expect(items.find(({ id }) => id === elsewhere)).toEqual({
      id: elsewhere,
      name: 'Elsewhere',
      type: 'customer',
      status: 'active',
      home: false,
      current: false,
      memberSince: expect.any(String),
    });
    expect(items.find(({ id }) => id === guest.tenantId)).toMatchObject({ home: true, current: true });
    await switchTo(elsewhere);
    expect(itemsOf(await browser.get('/api/v1/auth/tenants')).find(({ current }) => current)?.id).toBe(
      elsewhere,
    );
  });

  it('lists each once over all pages, and finds one by part of its name', async () => {
    for (const name of ['alpha', 'Beta', 'Gamma House'])
      await addGuest(gatehouse, await addTenant(gatehouse, { name }), guest);
    const names: unknown[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const page: Answer = await browser.get(
        `/api/v1/auth/tenants?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      names.push(...itemsOf(page).map(({ name }) => name));
      cursor = page.body.nextCursor as string | null;
    }
    expect(names).toHaveLength(5);
    expect(names.filter((name) => name !== 'Acme')).toEqual(['alpha', 'Beta', 'Elsewhere', 'Gamma House']);
    expect(itemsOf(await browser.get('/api/v1/auth/tenants?search=HOUSE'))).toMatchObject([
      { name: 'Gamma House' },
    ]);
  });

  it('shows what is suspended as such, leaves out what is deleted, and shows nobody else’s [threat 5]', async () => {
    await host.patch(`/memberships/${membershipId}`, { status: 'suspended' });
    const gone = await addTenant(gatehouse, { name: 'Gone' });
    await addGuest(gatehouse, gone, guest);
    await gatehouse.sql(`update gatehouse.tenants set status = 'deleted' where id = $1`, [gone]);
    const items = itemsOf(await browser.get('/api/v1/auth/tenants'));
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set([elsewhere, guest.tenantId]));
    expect(items).toHaveLength(2);
    expect(items.find(({ id }) => id === elsewhere)).toMatchObject({ status: 'suspended' });
    expect(itemsOf(await host.get('/auth/tenants')).map(({ id }) => id)).toEqual([elsewhere]);
  });

  it.each(['search=', 'status=active', 'userId=x', 'cursor=x'])('refuses ?%s', async (query) => {
    expect((await browser.get(`/api/v1/auth/tenants?${query}`)).status).toBe(400);
  });
});

describe('POST /api/v1/auth/switch-tenant', () => {
  it('goes on in the other tenant with the roles that are held there, and back', async () => {
    await host.post('/role-assignments', { principalId: membershipId, role: 'SUPPORT_AGENT' });
    const before = (await browser.get(ME)).body;
    const answer = await switchTo(elsewhere);
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ id: guest.userId, tenantId: guest.tenantId });
    const there = (await browser.get(ME)).body;
    expect(there).toMatchObject({
      user: { id: guest.userId, tenantId: guest.tenantId },
      tenant: { id: elsewhere, name: 'Elsewhere' },
      roles: ['SUPPORT_AGENT'],
    });
    expect(there.permissions).not.toContain('users:create');
    expect(itemsOf(await browser.get('/api/v1/users')).map(({ id }) => id)).toEqual([host.userId]);
    expect((await switchTo(guest.tenantId)).status).toBe(200);
    expect((await browser.get(ME)).body).toMatchObject({ tenant: before.tenant, roles: before.roles });
  });

  it('gives tokens of that tenant, under a new session, and ends the ones before at once [threat 43]', async () => {
    const token = (of: TestBrowser) => of.cookies.get('__Host-gh.console.at');
    const old = token(browser);
    await switchTo(elsewhere);
    const [was, is] = [claimsOf(old), claimsOf(token(browser))];
    expect(was).toMatchObject({ tenant_id: guest.tenantId, roles: ['admin'] });
    expect(is).toMatchObject({
      tenant_id: elsewhere,
      home_tenant_id: guest.tenantId,
      sub: guest.userId,
      roles: [],
      auth_time: was.auth_time,
    });
    expect(is.sid).not.toBe(was.sid);
    const withOld = await gatehouse
      .browser({ origin: undefined })
      .get(ME, { authorization: `Bearer ${String(old)}` });
    expect([withOld.status, withOld.body.code]).toEqual([401, 'auth.session_expired']);
    const told = await gatehouse.sql(`select kind from gatehouse.revocations where subject_id = $1`, [
      was.sid,
    ]);
    expect(told).toEqual([{ kind: 'session' }]);
  });

  it('renews in the tenant that it works in', async () => {
    await switchTo(elsewhere);
    gatehouse.clock.advance({ minutes: 16 });
    expect((await browser.post('/api/v1/auth/refresh', {})).status).toBe(200);
    expect((await browser.get(ME)).body.tenant).toMatchObject({ id: elsewhere });
  });

  it('neither lengthens the session nor counts as a sign-in: the home tenant’s rules go on', async () => {
    const end = (await browser.get(ME)).body.session as { authTime: string };
    const lastLogin = () =>
      gatehouse.sql('select last_login_at from gatehouse.users where id = $1', [guest.userId]);
    const signedInAt = await lastLogin();
    const expiries = () =>
      gatehouse.sql<{ expires_at: Date }>(
        'select expires_at from gatehouse.sessions where user_id = $1 and ended_at is null',
        [guest.userId],
      );
    const [first] = await expiries();
    gatehouse.clock.advance({ minutes: 10 });
    await switchTo(elsewhere);
    expect(await expiries()).toEqual([first]);
    expect(await lastLogin()).toEqual(signedInAt);
    expect((await browser.get(ME)).body.session).toMatchObject({ authTime: end.authTime });
  });

  it('is on record at home and in the tenant that is entered, with who it was', async () => {
    await switchTo(elsewhere);
    const [there] = itemsOf(await host.get('/audit?action=tenant_switched'));
    expect(there).toMatchObject({ actor: { id: guest.userId }, after: { of: guest.tenantId } });
    await switchTo(guest.tenantId);
    const atHome = itemsOf(await browser.get('/api/v1/audit?action=tenant_switched'));
    expect(atHome).toMatchObject([
      { before: { tenant: elsewhere }, actor: { id: guest.userId } },
      { after: { tenant: elsewhere }, actor: { id: guest.userId } },
    ]);
  });

  it('finds no tenant that one does not belong to: a stranger’s, the root, none at all [threat 5]', async () => {
    const stranger = await addTenant(gatehouse);
    const answers = [];
    for (const id of [stranger, ROOT_TENANT, newId()]) answers.push(await switchTo(id));
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect({ ...body, correlationId: '' }).toEqual({ ...answers[0]?.body, correlationId: '' });
    }
    expect((await browser.get(ME)).body.tenant).toMatchObject({ id: guest.tenantId });
  });

  it('takes neither a parent’s nor the platform’s standing for a membership', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner });
    const boss = await addCaller(gatehouse, partner, 'admin');
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    for (const caller of [boss, platform]) {
      expect((await caller.get(`/tenants/${customer}`)).status).toBe(200);
      expect((await caller.post('/auth/switch-tenant', { tenantId: customer })).status).toBe(404);
    }
  });

  it('finds no tenant whose membership or which itself is suspended [threat 44]', async () => {
    await host.patch(`/memberships/${membershipId}`, { status: 'suspended' });
    expect((await switchTo(elsewhere)).status).toBe(404);
    await host.patch(`/memberships/${membershipId}`, { status: 'active' });
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    await platform.post(`/tenants/${elsewhere}/suspend`);
    expect((await switchTo(elsewhere)).status).toBe(404);
    await platform.post(`/tenants/${elsewhere}/activate`);
    expect((await switchTo(elsewhere)).status).toBe(200);
  });

  it.each([
    ['nothing', {}],
    ['no id', { tenantId: 'elsewhere' }],
    ['a list of ids', { tenantId: [newId()] }],
    ['roles of one’s choice', { tenantId: newId(), roles: ['admin'] }],
    ['somebody else', { tenantId: newId(), userId: newId() }],
  ])('refuses %s [threat 71]', async (_what, body) => {
    const answer = await browser.post(SWITCH, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });

  it('needs the session and, by cookie, its CSRF token; of a page of before the switch it takes nothing', async () => {
    expect((await gatehouse.browser().post(SWITCH, { tenantId: elsewhere })).status).toBe(401);
    const stale = browser.csrf;
    await switchTo(elsewhere);
    browser.csrf = stale;
    const answer = await browser.post('/api/v1/users', { email: 'x@example.com', name: 'X' });
    expect([answer.status, answer.body.code]).toEqual([403, 'auth.csrf_refused']);
  });

  it('is not for an app that a tenant registered for itself', async () => {
    const clientId = `app-${newId()}`;
    await gatehouse.sql(
      `insert into gatehouse.clients (tenant_id, id, client_id, name, kind, token_mode, created_at, updated_at)
       values ($1, $2, $3, 'App', 'web', 'bearer', now(), now())`,
      [guest.tenantId, newId(), clientId],
    );
    const app = gatehouse.browser();
    const login = await app.post('/api/v1/auth/login', {
      email: guest.email,
      password: PASSWORD,
      client: clientId,
    });
    const authorization = `Bearer ${String(login.body.access_token)}`;
    const answer = await app.post(SWITCH, { tenantId: elsewhere }, { authorization });
    expect([answer.status, answer.body.code]).toEqual([403, 'auth.client_not_allowed']);
    expect((await app.get(ME, { authorization })).status).toBe(200);
  });
});

describe('a session in a further tenant', () => {
  beforeEach(async () => {
    const { status, text } = await switchTo(elsewhere);
    if (status !== 200) throw new Error(text);
  });
  const standing = () =>
    gatehouse.sql('select from gatehouse.sessions where user_id = $1 and ended_at is null', [guest.userId]);

  it.each([
    [
      'the membership is suspended',
      () => host.patch(`/memberships/${membershipId}`, { status: 'suspended' }),
    ],
    ['the membership is ended', () => host.delete(`/memberships/${membershipId}`)],
    [
      'the tenant is suspended',
      async () =>
        (await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN')).post(`/tenants/${elsewhere}/suspend`),
    ],
  ])('ends at once when %s, for good, and signing in opens at home [threat 44]', async (_what, end) => {
    const bystander = await signedIn(gatehouse, guest);
    expect((await end()).status).toBeLessThan(300);
    expect((await browser.get(ME)).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh', {})).status).toBe(401);
    // The one at home goes on.
    expect((await bystander.get(ME)).status).toBe(200);
    expect(await standing()).toHaveLength(1);
    await host.patch(`/memberships/${membershipId}`, { status: 'active' });
    expect((await browser.get(ME)).status).toBe(401);
    const again = await signedIn(gatehouse, guest);
    expect((await again.get(ME)).body.tenant).toMatchObject({ id: guest.tenantId });
  });

  it('ends when the user is suspended at home, or the home itself', async () => {
    const admin = await addCaller(gatehouse, guest.tenantId, 'admin');
    expect((await admin.post(`/users/${guest.userId}/suspend`)).status).toBe(200);
    expect((await browser.get(ME)).status).toBe(401);
    expect(await standing()).toHaveLength(0);
  });

  it('stays in its tenant when the password is changed, by the rules of home', async () => {
    const changed = await browser.post(CHANGE, {
      currentPassword: PASSWORD,
      newPassword: 'Other-Pass-1',
    });
    expect(changed.status).toBe(200);
    expect((await browser.get(ME)).body.tenant).toMatchObject({ id: elsewhere });
    expect(itemsOf(await host.get('/audit?action=password_changed'))).toEqual([]);
  });

  it('opens none of the home’s data, and no more of the tenant than its roles do', async () => {
    expect((await browser.get('/api/v1/users')).body.missingPermission).toBe('users:read');
    expect((await browser.get(`/api/v1/tenants/${guest.tenantId}/users`)).status).toBe(404);
    await host.post('/role-assignments', { principalId: membershipId, role: 'admin' });
    const users = itemsOf(await browser.get('/api/v1/users'));
    expect(users.map(({ id }) => id)).toEqual([host.userId]);
    expect((await browser.get(`/api/v1/tenants/${guest.tenantId}/users`)).status).toBe(404);
  });

  it('is one of the user’s own sessions still', async () => {
    const mine = itemsOf(await browser.get('/api/v1/sessions'));
    expect(mine.filter(({ current }) => current)).toHaveLength(1);
  });
});

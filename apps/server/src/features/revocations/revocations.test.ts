import type { Revocation } from '@gatehouse/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { parseConfig } from '../../config/index.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { createMaintenance } from '../maintenance/index.ts';

let gatehouse: TestServer;
let platform: Caller;
let tenantId: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  tenantId = await addTenant(gatehouse, { type: 'partner' });
  admin = await addCaller(gatehouse, tenantId, 'admin');
});

async function read(caller: Caller, query = '') {
  const answer = await caller.get(`/revocations${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body as unknown as { items: Revocation[]; cursor: string; more: boolean; time: string };
}
/** The place at which the log ends now, once no transaction runs that was begun before its last entry. */
async function endOf(caller: Caller, after?: string): Promise<string> {
  for (let cursor = after; ; ) {
    const page = await read(caller, `?limit=1000${cursor === undefined ? '' : `&after=${cursor}`}`);
    if (cursor !== undefined && page.items.length === 0) return page.cursor;
    ({ cursor } = page);
  }
}
const since = async (caller: Caller, cursor: string) => (await read(caller, `?after=${cursor}`)).items;
const matches = (items: Revocation[], kind: string) =>
  items.filter((item) => item.kind === kind).flatMap((item) => item.matches);
/** As a follower decides: does one of the entries end this token? */
const isEnded = (items: Revocation[], token: string) => {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
  return items.some(
    ({ matches: sets, issuedBefore }) =>
      Number(claims.iat) < issuedBefore &&
      sets.some((set) => Object.entries(set).every(([name, value]) => claims[name] === value)),
  );
};

describe('what ends is in the log, in claims of the tokens that it ends:', () => {
  it.each<[string, (person: Caller) => Promise<unknown>, string]>([
    ['a session that its user ends', (person) => person.post('/auth/logout', {}), 'session'],
    [
      'sessions that an administrator ends',
      (person) => admin.post(`/users/${person.userId}/sessions/end`),
      'session',
    ],
    ['a user who is suspended', (person) => admin.post(`/users/${person.userId}/suspend`), 'user'],
    ['a user who is deleted', (person) => admin.delete(`/users/${person.userId}`), 'user'],
    [
      'a role that is given',
      (person) => admin.post('/role-assignments', { principalId: person.principalId, role: 'SALES_REP' }),
      'membership',
    ],
    ['a tenant that is suspended', () => platform.post(`/tenants/${tenantId}/suspend`), 'tenant'],
  ])('%s', async (_what, act, kind) => {
    const [person, bystander] = [
      await addCaller(gatehouse, tenantId, 'SUPPORT_AGENT'),
      await addCaller(gatehouse, await addTenant(gatehouse), 'admin'),
    ];
    const before = await endOf(platform);
    await act(person);
    const items = await since(platform, before);
    expect(matches(items, kind)).not.toEqual([]);
    expect(isEnded(items, person.token)).toBe(true);
    expect(isEnded(items, bystander.token)).toBe(false);
  });

  it('a client that is suspended, and one that is deleted, by its client_id', async () => {
    const before = await endOf(admin);
    const made = await admin.post('/clients', { clientId: `app-${Date.now()}`, name: 'App', kind: 'spa' });
    await admin.post(`/clients/${String(made.body.id)}/suspend`);
    await admin.delete(`/clients/${String(made.body.id)}`);
    const named = { client_id: made.body.clientId };
    expect(matches(await since(admin, before), 'client')).toEqual([named, named]);
  });

  it('a new password, by each session that it ends', async () => {
    const added = await admin.post('/users', { email: `new${Date.now()}@example.com`, name: 'New' });
    const token = /#token=([\w.-]+)/.exec((await gatehouse.deliverMail()).at(-1)?.text ?? '')?.[1];
    const browser = gatehouse.browser();
    const [row] = await gatehouse.sql<{ id: string }>(
      'select id from gatehouse.sessions where user_id = $1',
      [added.body.id],
    );
    expect(row).toBeUndefined();
    await browser.post('/api/v1/auth/password/set', { token, password: 'Good-Pass-1' });
    await browser.post('/api/v1/auth/login', { email: added.body.email, password: 'Good-Pass-1' });
    const before = await endOf(admin);
    await admin.post(`/users/${String(added.body.id)}/resend-link`);
    await gatehouse.sql(`update gatehouse.users set status = 'invited' where id = $1`, [added.body.id]);
    await admin.post(`/users/${String(added.body.id)}/resend-link`);
    const again = /#token=([\w.-]+)/.exec((await gatehouse.deliverMail()).at(-1)?.text ?? '')?.[1];
    await browser.post('/api/v1/auth/password/set', { token: again, password: 'Good-Pass-2' });
    expect(matches(await since(admin, before), 'session')).toHaveLength(1);
  });

  it('the membership of a guest, suspended here, or gone because the account was suspended or deleted at home', async () => {
    const home = await addTenant(gatehouse, { parent: tenantId });
    const homeAdmin = await addCaller(gatehouse, home, 'admin');
    const guest = await addCaller(gatehouse, home, 'SUPPORT_AGENT');
    await gatehouse.sql(
      `with p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, gen_random_uuid(), 'member', now()) returning *)
       insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) select tenant_id, id, $2, $3, now() from p`,
      [tenantId, home, guest.userId],
    );
    const [membership] = await gatehouse.sql<{ id: string }>(
      'select id from gatehouse.memberships where tenant_id = $1 and user_id = $2',
      [tenantId, guest.userId],
    );
    const first = await endOf(admin);
    const suspended = await admin.patch(`/memberships/${membership?.id ?? ''}`, { status: 'suspended' });
    expect(suspended.status, suspended.text).toBe(200);
    expect(matches(await since(admin, first), 'membership')).toEqual([
      { tenant_id: tenantId, sub: guest.userId },
    ]);
    const before = await endOf(admin);
    await homeAdmin.post(`/users/${guest.userId}/suspend`);
    expect(isEnded(await since(admin, before), guest.token)).toBe(true);
    await homeAdmin.delete(`/users/${guest.userId}`);
    expect(matches(await since(admin, before), 'membership')).toEqual([
      { tenant_id: tenantId, sub: guest.userId },
    ]);
  });
});

describe('whoever follows', () => {
  it('in a tenant sees its own entries and none of another', async () => {
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const [mine, theirs] = [await endOf(admin), await endOf(other)];
    await admin.post('/auth/logout', {});
    expect(await since(other, theirs)).toEqual([]);
    const colleague = await addCaller(gatehouse, tenantId, 'admin_viewer');
    const seen = await since(colleague, mine);
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.map((item) => item.tenantId))).toEqual(new Set([tenantId]));
    expect(await read(colleague)).toMatchObject({ tenantId });
    expect(await read(platform)).toMatchObject({ tenantId: null });
  });

  it('in the root tenant sees all with tenant_revocations:read, and without it the root tenant alone', async () => {
    const ordinary = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    const [all, own] = [await endOf(platform), await endOf(ordinary)];
    await admin.post('/auth/logout', {});
    expect((await since(platform, all)).map((item) => item.tenantId)).toContain(tenantId);
    expect(await since(ordinary, own)).toEqual([]);
  });

  it('without the permission is refused, and with a cursor of somebody else as well', async () => {
    const nobody = await addCaller(gatehouse, tenantId, 'SALES_REP');
    expect((await nobody.get('/revocations')).status).toBe(403);
    expect((await nobody.get('/revocations/stream')).status).toBe(403);
    const foreign = await endOf(platform);
    for (const after of [foreign, 'v1.made.up', 'x'.repeat(999)])
      expect((await admin.get(`/revocations?after=${after}`)).body.code).toBe('request.cursor_invalid');
    expect((await admin.get('/revocations?after=')).status).toBe(400);
    expect((await admin.get('/revocations?limit=1001')).status).toBe(400);
    expect((await admin.get('/revocations/stream')).status).toBe(406);
  });

  it('reads page by page, and misses nothing', async () => {
    const before = await endOf(admin);
    const ended = [];
    for (let n = 0; n < 5; n += 1) {
      const person = await addCaller(gatehouse, tenantId);
      await person.post('/auth/logout', {});
      ended.push({ sid: person.opened.sessionId });
    }
    const seen: unknown[] = [];
    let page = await read(admin, `?limit=2&after=${before}`);
    for (seen.push(...page.items.flatMap((item) => item.matches)); page.more; ) {
      page = await read(admin, `?limit=2&after=${page.cursor}`);
      seen.push(...page.items.flatMap((item) => item.matches));
    }
    expect(seen).toEqual(ended);
    expect(await since(admin, await endOf(admin, page.cursor))).toEqual([]);
  });

  it('is told of a transaction that commits after a later one, by a cursor that waited for it [threat 43]', async () => {
    const before = await endOf(admin);
    const insert = `insert into gatehouse.revocations (tenant_id, kind, subject_id, epoch, created_at) values ($1, 'session', $2, 1, now())`;
    const [early, late] = ['0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11', '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a22'];
    await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query(insert, [tenantId, early]);
      await gatehouse.sql(insert, [tenantId, late]);
      const first = await read(admin, `?after=${before}`);
      expect(first.items.map((item) => item.id)).toEqual([late]);
      await client.query('commit');
      const second = await read(admin, `?after=${first.cursor}`);
      expect(second.items.map((item) => item.id)).toEqual([early, late]);
      expect(await since(admin, await endOf(admin, second.cursor))).toEqual([]);
    });
  });
});

describe('a cursor', () => {
  it('that is older than any token is answered with 410, and the log is read anew', async () => {
    const cursor = await endOf(platform);
    const { deps } = gatehouse.server;
    const old = { ...deps, clock: { now: () => new Date(gatehouse.clock.now().getTime() - 24 * 3_600_000) } };
    const { readRevocations } = await import('./revocation-page.ts');
    const made = await readRevocations(old, 'all', {});
    const answer = await platform.get(`/revocations?after=${made.cursor}`);
    expect([answer.status, answer.body.code]).toEqual([410, 'revocations.cursor_expired']);
    expect((await platform.get(`/revocations?after=${cursor}`)).status).toBe(200);
  });

  it('of a database that has been put back from a copy is answered with 410', async () => {
    const { deps } = gatehouse.server;
    const { sealCursor } = await import('./revocation-page.ts');
    const place = { xid: '99999999999', seq: '0' };
    const cursor = sealCursor(deps, 'all', { place, restart: place.xid, midway: false });
    expect((await platform.get(`/revocations?after=${cursor}`)).body.code).toBe('revocations.cursor_expired');
  });
});

describe('an old entry', () => {
  it('is removed when no token can live that it speaks of, and not before', async () => {
    const insert = (hours: number) =>
      gatehouse.sql(
        `insert into gatehouse.revocations (tenant_id, kind, subject_id, epoch, created_at)
         values ($1, 'session', $1, 1, $2::timestamptz - make_interval(hours => $3))`,
        [tenantId, gatehouse.clock.now(), hours],
      );
    await insert(26);
    await insert(24);
    expect((await createMaintenance(gatehouse.server.deps).run()).revocations).toBe(1);
    expect(() => parseConfig({ ACCESS_TOKEN_EXPIRE_MINUTES: '1441' }, '/tmp')).toThrow(
      'ACCESS_TOKEN_EXPIRE_MINUTES',
    );
  });
});

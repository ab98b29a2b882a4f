import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  acceptAs,
  guestsOf,
  invited as invite,
  openHarbour,
  principalOf,
} from '../../../test/invitations.fixture.ts';
import { addCaller, addTenant, allPages, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { freshAddress, mailedTo } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import type { Person } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { createMaintenance } from '../maintenance/index.ts';

let gatehouse: TestServer;
let tenant: TenantId;
let admin: Caller;
let guest: Person;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  ({ tenant, admin, guest } = await openHarbour(gatehouse));
});

const invited = (email: string, roles?: string[]) => invite(gatehouse, admin, email, roles);
const accept = (token: string, person: { email: string } = guest) => acceptAs(gatehouse, person, token);

describe('POST /api/v1/invitations', () => {
  it('mails a link in the fragment to the address, and shows the invitation with what it will give', async () => {
    const { answer, token } = await invited(guest.email, ['SUPPORT_AGENT']);
    const now = gatehouse.clock.now();
    expect(answer.body).toEqual({
      id: expect.any(String),
      tenantId: tenant,
      email: guest.email,
      roles: ['SUPPORT_AGENT'],
      status: 'open',
      mail: 'waiting',
      importId: null,
      invitedBy: { userId: admin.userId, userTenantId: tenant },
      createdAt: now.toISOString(),
      sentAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + 7 * 86_400_000).toISOString(),
      closedAt: null,
    });
    const mail = (await mailedTo(gatehouse, guest.email)).at(-1);
    expect(mail?.text).toContain(`/invitation#token=${token}`);
    expect(mail?.text).toContain('“Harbour”');
    expect(mail?.subject).not.toContain('Harbour');
    expect(answer.text).not.toContain(token);
    expect(await guestsOf(gatehouse, tenant)).toEqual([]);
    expect(itemsOf(await admin.get('/memberships'))).toHaveLength(1);
  });

  it('answers, mails and works alike whether the address has an account elsewhere or none [threat 51]', async () => {
    const unknown = freshAddress();
    const watched = async (email: string) => {
      const { doors } = gatehouse.server.deps;
      const { call, asSystem } = doors;
      // What looks beyond the tenant runs by one of these two: inside, row security shows nobody but its own.
      const beyond: string[] = [];
      const onBehalf = new AsyncLocalStorage<string[]>();
      doors.call = (statement, values) => {
        onBehalf.getStore()?.push(statement);
        return call(statement, values);
      };
      doors.asSystem = (reason, work) => {
        onBehalf.getStore()?.push(reason);
        return asSystem(reason, work);
      };
      try {
        const answer = await onBehalf.run(beyond, () => admin.post('/invitations', { email }));
        expect(beyond.join()).not.toMatch(/find_login|tenants_of_user/);
        return { answer, beyond };
      } finally {
        doors.call = call;
        doors.asSystem = asSystem;
      }
    };
    const told = [];
    for (const email of [guest.email, unknown]) {
      const { answer, beyond } = await watched(email);
      const mail = (await mailedTo(gatehouse, email)).at(-1);
      const text = mail?.text.replaceAll(email, '').replace(/#token=\S+/, '');
      const { status, body } = answer;
      told.push({ status, body: { ...body, id: '', email: '' }, beyond, text, subject: mail?.subject });
    }
    expect(told[0]).toEqual(told[1]);
    expect(told[0]?.status).toBe(201);
  });

  it('gives only what the inviter holds, and roles only for who may give them [threat 72]', async () => {
    const email = freshAddress();
    const viewer = await addCaller(gatehouse, tenant, 'admin_viewer');
    const rootAdmin = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    const refused = [
      [
        await rootAdmin.post('/invitations', { email, roles: ['PLATFORM_ADMIN'] }),
        'access.grant_exceeds_own',
      ],
      [await admin.post('/invitations', { email, roles: ['PLATFORM_ADMIN'] }), 'roles.root_only'],
      [await admin.post('/invitations', { email, roles: ['nothing_like_it'] }), 'roles.unknown'],
      [await viewer.post('/invitations', { email }), 'access.denied'],
    ] as const;
    for (const [answer, code] of refused) expect(answer.body.code, answer.text).toBe(code);
    expect(await mailedTo(gatehouse, email)).toEqual([]);
    expect(await gatehouse.sql('select from gatehouse.invitations where email = $1', [email])).toEqual([]);
  });

  it('refuses a second open one for the address however it is spelt, and a user of the tenant', async () => {
    await invited(guest.email);
    const again = await admin.post('/invitations', { email: guest.email.toUpperCase() });
    expect([again.status, again.body.code]).toEqual([409, 'invitations.exists']);
    const own = await admin.post('/invitations', { email: admin.email });
    expect([own.status, own.body.code]).toEqual([409, 'users.email_in_use']);
    const principals = await gatehouse.sql('select from gatehouse.principals where tenant_id = $1', [tenant]);
    expect(principals).toHaveLength(2);
  });

  it('takes the place of one that expired, and that is on record with it', async () => {
    const before = await invited(guest.email, ['SUPPORT_AGENT']);
    gatehouse.clock.advance({ days: 7 });
    await admin.signInAgain();
    const { id } = await invited(guest.email);
    expect(itemsOf(await admin.get('/invitations?status=open'))).toMatchObject([{ id, roles: [] }]);
    expect(await principalOf(gatehouse, before.id)).toEqual([]);
    expect(itemsOf(await admin.get('/audit?action=invitation_revoked'))).toMatchObject([
      {
        actor: { id: admin.userId },
        resource: { id: before.id },
        before: { email: guest.email, roles: ['SUPPORT_AGENT'] },
        after: { reason: 'expired' },
      },
    ]);
    // Where the new one comes to nothing, the old one stays, and nothing is on record.
    gatehouse.clock.advance({ days: 7 });
    await admin.signInAgain();
    expect(
      (await admin.post('/invitations', { email: guest.email, roles: ['nothing_like_it'] })).status,
    ).toBe(400);
    expect((await admin.get(`/invitations/${id}`)).body.status).toBe('expired');
    expect(itemsOf(await admin.get('/audit?action=invitation_revoked'))).toHaveLength(1);
  });

  it('is on record with a sealed address', async () => {
    const { id } = await invited(guest.email, ['SUPPORT_AGENT']);
    const [record] = itemsOf(await admin.get(`/audit?action=invitation_created&resourceId=${id}`));
    expect(record).toMatchObject({
      actor: { id: admin.userId },
      after: { email: guest.email, roles: ['SUPPORT_AGENT'] },
    });
    const rows = await gatehouse.sql<{ text: string }>(
      `select after::text as text from gatehouse.audit_records where resource_id = $1`,
      [id],
    );
    for (const { text } of rows) expect(text).not.toContain(guest.email);
  });

  it.each([
    ['no address', {}],
    ['no such address', { email: 'nobody' }],
    ['two addresses', { email: ['a@example.com', 'b@example.com'] }],
    ['a status', { email: 'a@example.com', status: 'accepted' }],
    ['a user', { email: 'a@example.com', userId: newId() }],
    ['a tenant', { email: 'a@example.com', tenantId: newId() }],
    ['roles that are no list', { email: 'a@example.com', roles: 'admin' }],
    ['an end of its own', { email: 'a@example.com', expiresAt: '2036-01-01T00:00:00Z' }],
  ])('refuses %s [threat 71]', async (_what, body) => {
    const answer = await admin.post('/invitations', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });

  it('fills nobody’s mailbox, whoever presses the button', async () => {
    const limited = await startServer({ env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '3' } });
    try {
      const boss = await addCaller(limited, await addTenant(limited), 'admin');
      const email = freshAddress();
      const statuses: number[] = [];
      for (let n = 0; n < 4; n += 1) {
        const answer = await boss.post('/invitations', { email });
        statuses.push(answer.status);
        await boss.delete(`/invitations/${String(answer.body.id)}`);
      }
      expect(statuses).toEqual([201, 201, 201, 429]);
      expect(await mailedTo(limited, email)).toHaveLength(3);
    } finally {
      await limited.close();
    }
  });
});

describe('GET /api/v1/invitations', () => {
  it('lists each once over all pages, newest first, by state', async () => {
    const made: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      made.push((await invited(freshAddress())).id);
      if (n === 2) {
        gatehouse.clock.advance({ days: 5 });
        await admin.signInAgain();
      }
    }
    gatehouse.clock.advance({ days: 3 });
    await admin.signInAgain();
    const ids = async (query: string) =>
      (await allPages(admin, `/invitations${query}`, 2)).flatMap(itemsOf).map(({ id }) => id);
    expect(await ids('')).toEqual(made.toReversed());
    expect(await ids('?status=expired')).toEqual(made.slice(0, 3).toReversed());
    expect(await ids('?status=open')).toEqual(made.slice(3).toReversed());
  });

  it('says of each what became of it and of its mail, until 30 days after', async () => {
    const open = await invited(freshAddress());
    const taken = await invited(freshAddress());
    const state = async (id: string) => {
      const { status, mail, closedAt } = (await admin.get(`/invitations/${id}`)).body;
      return { status, mail, isClosed: closedAt !== null };
    };
    expect((await admin.post('/invitations', { email: freshAddress() })).body).toMatchObject({
      mail: 'waiting',
    });
    expect(await state(open.id)).toEqual({ status: 'open', mail: 'sent', isClosed: false });
    await admin.delete(`/invitations/${taken.id}`);
    expect(await state(taken.id)).toEqual({ status: 'revoked', mail: null, isClosed: true });
    expect(itemsOf(await admin.get('/invitations?status=revoked')).map(({ id }) => id)).toContain(taken.id);
    gatehouse.clock.advance({ days: 31 });
    await createMaintenance(gatehouse.server.deps).run();
    await admin.signInAgain();
    expect((await admin.get(`/invitations/${taken.id}`)).status).toBe(404);
  });

  it('and its acts are not there for another tenant, and need the permission that is named [threat 5]', async () => {
    const { id } = await invited(freshAddress());
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    for (const path of [`/invitations/${id}`, `/tenants/${tenant}/invitations/${id}`]) {
      expect((await stranger.get(path)).status).toBe(404);
      expect((await stranger.post(`${path}/resend`)).status).toBe(404);
      expect((await stranger.delete(path)).status).toBe(404);
    }
    const viewer = await addCaller(gatehouse, tenant, 'admin_viewer');
    expect((await viewer.get(`/invitations/${id}`)).status).toBe(200);
    expect((await viewer.post(`/invitations/${id}/resend`)).body.missingPermission).toBe(
      'invitations:create',
    );
    expect((await viewer.delete(`/invitations/${id}`)).body.missingPermission).toBe('invitations:revoke');
  });

  it.each(['status=pending', 'importId=x', 'email=x', 'cursor=x'])('refuses ?%s', async (query) => {
    expect((await admin.get(`/invitations?${query}`)).status).toBe(400);
  });
});

describe('an invitation that a partner sends', () => {
  it('goes into its customer, from a permission that holds there, and gives no more than the partner holds', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner, name: 'Customer' });
    const boss = await addCaller(gatehouse, partner, 'admin');
    const answer = await boss.post(`/tenants/${customer}/invitations`, {
      email: guest.email,
      roles: ['admin'],
    });
    expect(answer.status, answer.text).toBe(201);
    const token = tokenIn((await mailedTo(gatehouse, guest.email)).at(-1));
    expect((await accept(token)).body).toMatchObject({ tenantId: customer });
    expect(itemsOf(await boss.get('/audit?action=invitation_created'))).toMatchObject([
      { after: { of: customer } },
    ]);
    const third = await addTenant(gatehouse);
    expect((await boss.post(`/tenants/${third}/invitations`, { email: freshAddress() })).status).toBe(404);
  });
});

describe('the limit of users', () => {
  const limit = (users: number | null) =>
    gatehouse.sql(
      `update gatehouse.tenants set settings = jsonb_build_object('limits', jsonb_build_object('users', $2::int)) where id = $1`,
      [tenant, users],
    );

  it('counts who was promised a place, and is asked again when the place is taken (spec T5)', async () => {
    await limit(3);
    const { token } = await invited(guest.email);
    await invited(freshAddress());
    const third = await admin.post('/invitations', { email: freshAddress() });
    expect([third.status, third.body.code]).toEqual([409, 'tenants.user_limit_reached']);
    await limit(1);
    const full = await accept(token);
    expect([full.status, full.body.code]).toEqual([409, 'tenants.user_limit_reached']);
    await limit(2);
    expect((await accept(token)).status).toBe(200);
    expect(await guestsOf(gatehouse, tenant)).toHaveLength(1);
  });
});

describe('the days that a link is good', () => {
  it('are as many as the tenant says, also in the mail', async () => {
    const { body } = await admin.get(`/tenants/${tenant}/settings`);
    const changed = await admin.patch(`/tenants/${tenant}/settings`, {
      version: body.version,
      settings: { invitations: { expireDays: 2 } },
    });
    expect(changed.status, changed.text).toBe(200);
    const { id, answer, token } = await invited(guest.email);
    const days = (at: unknown) => (Date.parse(String(at)) - gatehouse.clock.now().getTime()) / 86_400_000;
    expect(days(answer.body.expiresAt)).toBeCloseTo(2, 3);
    expect((await mailedTo(gatehouse, guest.email)).at(-1)?.text).toContain('within 2 days');
    gatehouse.clock.advance({ days: 2 });
    expect((await accept(token)).body.code).toBe('auth.link_invalid');
    await admin.signInAgain();
    expect(days((await admin.post(`/invitations/${id}/resend`)).body.expiresAt)).toBeCloseTo(2, 3);
  });

  it.each([0, 91, 1.5, null])('are a whole number from 1 to 90: not %s', async (expireDays) => {
    const { body } = await admin.get(`/tenants/${tenant}/settings`);
    const answer = await admin.patch(`/tenants/${tenant}/settings`, {
      version: body.version,
      settings: { invitations: { expireDays } },
    });
    expect(answer.body.code).toBe('request.invalid');
  });
});

describe('maintenance', () => {
  it('forgets invitations long after they expired, with their principals', async () => {
    const { id } = await invited(freshAddress(), ['SUPPORT_AGENT']);
    gatehouse.clock.advance({ days: 36 });
    await createMaintenance(gatehouse.server.deps).run();
    expect(await principalOf(gatehouse, id)).toHaveLength(1);
    gatehouse.clock.advance({ days: 2 });
    await createMaintenance(gatehouse.server.deps).run();
    expect(await principalOf(gatehouse, id)).toEqual([]);
    expect(await gatehouse.sql('select from gatehouse.invitations where id = $1', [id])).toEqual([]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const PASSWORD = 'Choose-Well-1';
let gatehouse: TestServer;
let acme: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  acme = await addTenant(gatehouse);
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  admin = await addCaller(gatehouse, acme, 'admin');
});

let made = 0;
async function addInvited(roles: string[] = []): Promise<{ id: string; email: string; link: string }> {
  const email = `invited${(made += 1)}@example.com`;
  const answer = await admin.post('/users', { email, name: 'Invited', roles });
  expect(answer.status).toBe(201);
  return { id: String(answer.body.id), email, link: await linkTo(email) };
}
const linkTo = async (email: string) =>
  tokenIn((await gatehouse.deliverMail()).findLast((mail) => mail.to === email));
const setPassword = (token: string) =>
  gatehouse.browser().post('/api/v1/auth/password/set', { token, password: PASSWORD });
const login = (email: string, password = PASSWORD) =>
  gatehouse.browser().post('/api/v1/auth/login', { email, password });
const recordsOf = async (action: string, id: string) =>
  itemsOf(await admin.get(`/audit?action=${action}&resourceId=${id}`));
const revocations = (id: string) =>
  gatehouse.sql<{ kind: string; epoch: number }>(
    'select kind, epoch from gatehouse.revocations where subject_id = $1 order by seq',
    [id],
  );

describe('the set-password link', () => {
  it('sets a password once, makes the user active, and the user signs in', async () => {
    const user = await addInvited();
    expect((await login(user.email)).status).toBe(401);
    expect((await setPassword(user.link)).status).toBe(204);
    const signedIn = await login(user.email);
    expect([signedIn.status, signedIn.body.user]).toMatchObject([200, { id: user.id, tenantId: acme }]);
    const again = await setPassword(user.link);
    expect([again.status, again.body.code]).toEqual([400, 'auth.link_invalid']);
    const shown = (await admin.get(`/users/${user.id}`)).body;
    expect(shown).toMatchObject({ status: 'active', lastLoginAt: gatehouse.clock.now().toISOString() });
  });

  it('sent again ends the one before, and is sent to invited users only', async () => {
    const user = await addInvited();
    const answer = await admin.post(`/users/${user.id}/resend-link`);
    expect([answer.status, answer.body.status]).toEqual([200, 'invited']);
    const second = await linkTo(user.email);
    expect(second).not.toBe(user.link);
    expect((await setPassword(user.link)).body.code).toBe('auth.link_invalid');
    expect((await setPassword(second)).status).toBe(204);
    const late = await admin.post(`/users/${user.id}/resend-link`);
    expect([late.status, late.body.code]).toEqual([409, 'users.not_invited']);
    expect(await recordsOf('user_link_sent', user.id)).toMatchObject([{ after: { email: user.email } }]);
  });

  it('gives the address to the first account that proves it, and to another when it is free again [threat 23]', async () => {
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const { id, email, link } = await addInvited();
    const elsewhere = (await other.post('/users', { email, name: 'Invited twice' })).body;
    expect((await setPassword(await linkTo(email))).status).toBe(204);
    expect((await login(email)).body.user).toMatchObject({ id: elsewhere.id });

    const late = await setPassword(link);
    expect([late.status, late.body.code]).toEqual([409, 'users.email_in_use']);
    expect((await admin.get(`/users/${id}`)).body).toMatchObject({ status: 'invited', emailVerified: false });
    expect(await gatehouse.sql('select from gatehouse.credentials where user_id = $1', [id])).toEqual([]);
    expect(await recordsOf('password_changed', id)).toEqual([]);

    expect((await other.delete(`/users/${String(elsewhere.id)}`)).status).toBe(204);
    expect((await setPassword(link)).status).toBe(204);
    expect((await login(email)).body.user).toMatchObject({ id });
  });

  it('is good for 72 hours', async () => {
    const user = await addInvited();
    gatehouse.clock.advance({ hours: 72, seconds: 1 });
    expect((await setPassword(user.link)).body.code).toBe('auth.link_invalid');
  });

  it('is worth nothing in another tenant [threat 10]', async () => {
    const user = await addInvited();
    const other = await addTenant(gatehouse);
    const head = Buffer.from(other.replaceAll('-', ''), 'hex').toString('base64url');
    const moved = `${head}.${user.link.split('.')[1]}`;
    expect((await setPassword(moved)).body.code).toBe('auth.link_invalid');
  });
});

describe('where the deployment takes single sign-on only', () => {
  it('no link is mailed, since there is no password to set', async () => {
    const restricted = await startServer({ env: { AUTH_POLICY: 'restricted' } });
    try {
      const by = await addCaller(restricted, await addTenant(restricted), 'admin');
      const added = await by.post('/users', { email: 'sso@example.com', name: 'Sso' });
      expect([added.status, added.body.status]).toEqual([201, 'invited']);
      const again = await by.post(`/users/${String(added.body.id)}/resend-link`);
      expect([again.status, again.body.code]).toEqual([403, 'auth.sso_required']);
      expect(await restricted.deliverMail()).toEqual([]);
    } finally {
      await restricted.close();
    }
  });
});

describe('suspending a user', () => {
  it('ends sessions and links at once, refuses sign-in and renewal, and tells the followers [threat 44]', async () => {
    const user = await addInvited();
    await setPassword(user.link);
    const browser = gatehouse.browser();
    await browser.post('/api/v1/auth/login', { email: user.email, password: PASSWORD });
    const [session] = await gatehouse.sql<{ id: string }>(
      'select id from gatehouse.sessions where user_id = $1',
      [user.id],
    );

    const answer = await admin.post(`/users/${user.id}/suspend`);
    expect([answer.status, answer.body.status]).toEqual([200, 'suspended']);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh')).body.code).toBe('auth.session_expired');
    const refused = await login(user.email);
    const nobody = await login('nobody@example.com');
    expect(refused.status).toBe(401);
    expect({ ...refused.body, correlationId: '' }).toEqual({ ...nobody.body, correlationId: '' });
    expect(await revocations(user.id)).toEqual([{ kind: 'user', epoch: 1 }]);
    expect(await revocations(session?.id ?? '')).toEqual([{ kind: 'session', epoch: 1 }]);
    expect(await recordsOf('user_suspended', user.id)).toMatchObject([
      {
        actor: { id: admin.userId },
        before: { status: 'active' },
        after: { status: 'suspended', endedSessions: 1 },
      },
    ]);
  });

  it('is lifted by activating: sign-in works again, ended sessions stay ended', async () => {
    const user = await addInvited();
    await setPassword(user.link);
    const browser = gatehouse.browser();
    await browser.post('/api/v1/auth/login', { email: user.email, password: PASSWORD });
    await admin.post(`/users/${user.id}/suspend`);
    const answer = await admin.post(`/users/${user.id}/activate`);
    expect([answer.status, answer.body.status]).toEqual([200, 'active']);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await login(user.email)).status).toBe(200);
    expect(await recordsOf('user_activated', user.id)).toMatchObject([
      { before: { status: 'suspended' }, after: { status: 'active' } },
    ]);
  });

  it('brings no session to life that a sign-in under way left behind', async () => {
    const user = await addInvited();
    await setPassword(user.link);
    await login(user.email);
    await admin.post(`/users/${user.id}/suspend`);
    // As if the sign-in had committed just after the suspension looked for sessions.
    await gatehouse.sql('update gatehouse.sessions set ended_at = null where user_id = $1', [user.id]);
    await admin.post(`/users/${user.id}/activate`);
    expect(
      await gatehouse.sql('select from gatehouse.sessions where user_id = $1 and ended_at is null', [
        user.id,
      ]),
    ).toEqual([]);
  });

  it('of one who was only invited ends the link, and activating makes them invited again', async () => {
    const user = await addInvited();
    await admin.post(`/users/${user.id}/suspend`);
    expect((await setPassword(user.link)).body.code).toBe('auth.link_invalid');
    expect((await admin.post(`/users/${user.id}/activate`)).body.status).toBe('invited');
    await admin.post(`/users/${user.id}/resend-link`);
    expect((await setPassword(await linkTo(user.email))).status).toBe(204);
  });

  it('twice changes and records nothing the second time; activating an invited user neither', async () => {
    const user = await addInvited();
    expect((await admin.post(`/users/${user.id}/activate`)).body.status).toBe('invited');
    for (const _time of [1, 2]) expect((await admin.post(`/users/${user.id}/suspend`)).status).toBe(200);
    expect(await recordsOf('user_suspended', user.id)).toHaveLength(1);
    expect(await recordsOf('user_activated', user.id)).toHaveLength(0);
    expect(await revocations(user.id)).toHaveLength(1);
  });
});

describe('deleting a user', () => {
  it('ends everything, frees the address, and keeps the state before on record', async () => {
    const user = await addInvited(['SALES_REP']);
    await setPassword(user.link);
    const browser = gatehouse.browser();
    await browser.post('/api/v1/auth/login', { email: user.email, password: PASSWORD });
    expect((await admin.delete(`/users/${user.id}`)).status).toBe(204);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await admin.get(`/users/${user.id}`)).status).toBe(404);
    expect((await admin.delete(`/users/${user.id}`)).status).toBe(404);
    expect(await revocations(user.id)).toEqual([{ kind: 'user', epoch: 1 }]);
    expect(await recordsOf('user_deleted', user.id)).toMatchObject([
      { before: { email: user.email, name: 'Invited', status: 'active', roles: ['SALES_REP'] } },
    ]);
    const next = await admin.post('/users', { email: user.email, name: 'Next' });
    expect([next.status, next.body.roles]).toEqual([201, []]);
    expect((await login(user.email)).status).toBe(401);
  });

  it('leaves no membership, principal or role behind, here or where the user was a guest', async () => {
    const user = await addCaller(gatehouse, ROOT_TENANT, 'SALES_REP');
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN', 'admin');
    const guest = await platform.post(`/tenants/${acme}/memberships`, { userId: user.userId });
    await platform.post(`/tenants/${acme}/role-assignments`, {
      principalId: guest.body.id,
      role: 'SALES_REP',
    });
    expect((await platform.delete(`/users/${user.userId}`)).status).toBe(204);
    for (const id of [user.principalId, guest.body.id]) {
      for (const [table, column] of [
        ['principals', 'id'],
        ['memberships', 'id'],
        ['role_assignments', 'principal_id'],
      ])
        expect(await gatehouse.sql(`select from gatehouse.${table} where ${column} = $1`, [id])).toEqual([]);
    }
  });
});

describe('unlocking a user', () => {
  const LOCK = 5;

  it('lifts the lock of strangers and of a known browser, with a record', async () => {
    const user = await addInvited();
    await setPassword(user.link);
    const owner = gatehouse.browser();
    const enter = (password: string, browser = gatehouse.browser()) =>
      browser.post('/api/v1/auth/login', { email: user.email, password });
    await enter(PASSWORD, owner);
    for (let attempt = 1; attempt <= LOCK; attempt += 1) await enter('Wrong-Pass-1');
    expect((await admin.get(`/users/${user.id}`)).body.locked).toBe(true);
    expect(itemsOf(await admin.get(`/users?search=${user.email}`))).toMatchObject([{ locked: true }]);
    for (let attempt = 1; attempt <= LOCK; attempt += 1) await enter('Wrong-Pass-1', owner);
    expect((await enter(PASSWORD)).status).toBe(423);
    expect((await enter(PASSWORD, owner)).status).toBe(423);

    const answer = await admin.post(`/users/${user.id}/unlock`);
    expect([answer.status, answer.body.locked]).toEqual([200, false]);
    expect((await enter(PASSWORD)).status).toBe(200);
    expect((await enter(PASSWORD, owner)).status).toBe(200);
    await admin.post(`/users/${user.id}/unlock`);
    expect(await recordsOf('account_unlocked', user.id)).toMatchObject([
      {
        actor: { id: admin.userId },
        before: { failures: 2 * LOCK, lockedUntil: expect.any(String) },
        after: { failures: 0, lockedUntil: null },
      },
    ]);
  });

  it('forgets failures that have not locked yet, and touches nobody else’s', async () => {
    const [user, other] = [await addInvited(), await addInvited()];
    for (const { email, link } of [user, other]) {
      expect((await setPassword(link)).status).toBe(204);
      for (let attempt = 1; attempt < LOCK; attempt += 1) await login(email, 'Wrong-Pass-1');
    }
    await admin.post(`/users/${user.id}/unlock`);
    expect((await login(user.email, 'Wrong-Pass-1')).status).toBe(401);
    expect((await login(other.email, 'Wrong-Pass-1')).status).toBe(423);
  });

  it('is a thing that a support manager does for people, and on record where the platform does it', async () => {
    const user = await addInvited(['NOC_OPERATOR']);
    await setPassword(user.link);
    const support = await addCaller(gatehouse, acme, 'SUPPORT_MANAGER');
    expect((await support.post(`/users/${user.id}/unlock`)).status).toBe(200);
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    await login(user.email, 'Wrong-Pass-1');
    expect((await platform.post(`/tenants/${acme}/users/${user.id}/unlock`)).status).toBe(200);
    for (const reader of [admin, platform])
      expect(itemsOf(await reader.get(`/audit?action=account_unlocked&resourceId=${user.id}`))).toMatchObject(
        [{ actor: { id: platform.userId } }],
      );
  });
});

describe('who acts on whom', () => {
  const ACTS = [
    ['delete', (by: Caller, id: string) => by.delete(`/users/${id}`)],
    ['suspend', (by: Caller, id: string) => by.post(`/users/${id}/suspend`)],
    ['activate', (by: Caller, id: string) => by.post(`/users/${id}/activate`)],
    ['unlock', (by: Caller, id: string) => by.post(`/users/${id}/unlock`)],
    ['resend-link', (by: Caller, id: string) => by.post(`/users/${id}/resend-link`)],
  ] as const;

  it.each(ACTS)('%s is nothing that anybody does to their own account', async (_name, act) => {
    const answer = await act(admin, admin.userId);
    expect([answer.status, answer.body.code]).toEqual([409, 'users.self_forbidden']);
    expect((await admin.get('/auth/me')).status).toBe(200);
  });

  it.each([
    ...ACTS,
    ['rename', (by: Caller, id: string) => by.patch(`/users/${id}`, { name: 'Lower' })] as const,
  ])(
    '%s is refused, and the attempt recorded, on somebody who governs what the caller does not [threat 72]',
    async (_name, act) => {
      const ordinary = await addCaller(gatehouse, ROOT_TENANT, 'admin');
      const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
      const answer = await act(ordinary, platform.userId);
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({
        code: 'access.denied',
        missingPermission: expect.stringMatching(/^(platform_settings|signing_keys|tenants):/),
      });
      expect((await platform.get('/auth/me')).body.user).toMatchObject({
        name: 'A Person',
        status: 'active',
      });
      expect(
        itemsOf(await platform.get(`/audit?action=authorization_denied&resourceId=${platform.userId}`)),
      ).toMatchObject([{ actor: { id: ordinary.userId }, resource: { type: 'user' } }]);
    },
  );

  it('a help desk that may unlock does not lift the lock that guards an administrator', async () => {
    const support = await addCaller(gatehouse, acme, 'SUPPORT_MANAGER');
    const answer = await support.post(`/users/${admin.userId}/unlock`);
    expect([answer.status, answer.body.code]).toEqual([403, 'access.denied']);
  });

  it('what a role no longer holds gives no standing', async () => {
    const support = await addCaller(gatehouse, acme, 'SUPPORT_MANAGER');
    const former = await addCaller(gatehouse, acme, 'admin');
    await gatehouse.sql('update gatehouse.role_assignments set expires_at = $2 where principal_id = $1', [
      former.principalId,
      new Date(gatehouse.clock.now().getTime() - 1),
    ]);
    expect((await support.post(`/users/${former.userId}/unlock`)).status).toBe(200);
  });
});

describe('the last administrator', () => {
  it('of a tenant can be neither suspended nor deleted, not even by the platform', async () => {
    const tenantId = await addTenant(gatehouse);
    const [only, platform] = [
      await addCaller(gatehouse, tenantId, 'admin'),
      await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN'),
    ];
    // Neither of these stands in: one is not active yet, one is not for good, one is a guest.
    await only.post('/users', { email: `late${made}@example.com`, name: 'Invited', roles: ['admin'] });
    const temporary = await addCaller(gatehouse, tenantId, 'admin');
    await gatehouse.sql('update gatehouse.role_assignments set expires_at = $2 where principal_id = $1', [
      temporary.principalId,
      new Date(gatehouse.clock.now().getTime() + 3_600_000),
    ]);
    const colleague = await addCaller(gatehouse, ROOT_TENANT, 'SALES_REP');
    const guest = await platform.post(`/tenants/${tenantId}/memberships`, { userId: colleague.userId });
    await platform.post(`/tenants/${tenantId}/role-assignments`, {
      principalId: guest.body.id,
      role: 'admin',
    });

    const path = `/tenants/${tenantId}/users/${only.userId}`;
    for (const answer of [await platform.post(`${path}/suspend`), await platform.delete(path)])
      expect([answer.status, answer.body.code]).toEqual([409, 'users.last_administrator']);
    expect((await only.get('/auth/me')).status).toBe(200);
    expect(await revocations(only.userId)).toEqual([]);

    const second = await addCaller(gatehouse, tenantId, 'admin');
    expect((await second.post(`/users/${only.userId}/suspend`)).status).toBe(200);
  });

  it('of the platform can not either, though others administer the root tenant', async () => {
    const fresh = await startServer();
    try {
      const [first] = await fresh.sql<{ id: string }>('select id from gatehouse.users');
      const second = await addCaller(fresh, ROOT_TENANT, 'PLATFORM_ADMIN');
      await addCaller(fresh, ROOT_TENANT, 'admin');
      expect((await second.post(`/users/${first?.id}/suspend`)).status).toBe(200);
      const guardian = await addCaller(fresh, ROOT_TENANT, 'PLATFORM_ADMIN');
      await fresh.sql('update gatehouse.role_assignments set expires_at = $2 where principal_id = $1', [
        guardian.principalId,
        new Date(fresh.clock.now().getTime() + 3_600_000),
      ]);
      const answer = await guardian.delete(`/users/${second.userId}`);
      expect([answer.status, answer.body.code]).toEqual([409, 'users.last_administrator']);
      expect(answer.body.detail).toContain('PLATFORM_ADMIN');
    } finally {
      await fresh.close();
    }
  });
});

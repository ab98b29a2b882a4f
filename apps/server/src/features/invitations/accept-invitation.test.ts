import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCEPT,
  acceptAs,
  guestsOf,
  invited as invite,
  OPEN,
  openHarbour,
  principalOf,
  REGISTER,
} from '../../../test/invitations.fixture.ts';
import { addCaller, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { addOwner, freshAddress, mailedTo, signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { PASSWORD, type Person } from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

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

describe('accepting with an account', () => {
  it('makes a member with the roles of the invitation, who switches and works there', async () => {
    const { id, token } = await invited(guest.email, ['SUPPORT_AGENT']);
    const browser = await signedIn(gatehouse, guest);
    const answer = await browser.post(ACCEPT, { token });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({ tenantId: tenant, tenantName: 'Harbour', membershipId: id });
    expect((await admin.get(`/memberships/${id}`)).body).toMatchObject({
      userId: guest.userId,
      userTenantId: guest.tenantId,
      home: false,
      status: 'active',
      roles: ['SUPPORT_AGENT'],
    });
    expect(itemsOf(await admin.get('/invitations?status=open'))).toEqual([]);
    expect(itemsOf(await admin.get('/invitations'))).toMatchObject([
      { id, status: 'accepted', email: guest.email, roles: ['SUPPORT_AGENT'], mail: null },
    ]);
    expect((await browser.post('/api/v1/auth/switch-tenant', { tenantId: tenant })).status).toBe(200);
    expect((await browser.get('/api/v1/auth/me')).body).toMatchObject({
      user: { tenantId: guest.tenantId },
      tenant: { id: tenant },
      roles: ['SUPPORT_AGENT'],
    });
    const users = itemsOf(await browser.get('/api/v1/users')).map((user) => user.id);
    expect(users).toEqual([admin.userId]);
  });

  it('is on record in both tenants, and the guest’s name and address stay at home', async () => {
    const atHome = await addCaller(gatehouse, guest.tenantId, 'admin');
    const { id, token } = await invited(guest.email);
    await accept(token);
    const there = itemsOf(await admin.get('/audit?action=invitation_accepted'));
    expect(there).toMatchObject([{ actor: { id: guest.userId }, resource: { id }, after: { roles: [] } }]);
    const here = itemsOf(await atHome.get('/audit?action=invitation_accepted'));
    expect(here).toMatchObject([{ resource: { id }, after: { of: tenant } }]);
    expect((await admin.get(`/users/${guest.userId}`)).status).toBe(404);
  });

  it('is for nobody but the invited address, and takes its proof as well as the link [threat 24]', async () => {
    const { token } = await invited(guest.email);
    const other = await addOwner(gatehouse);
    const byOther = await accept(token, other);
    expect([byOther.status, byOther.body.code]).toEqual([403, 'invitations.other_address']);
    // An account elsewhere that claims the address and never proved it.
    await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [guest.userId]);
    const unproved = await accept(token);
    expect([unproved.status, unproved.body.code]).toEqual([403, 'users.email_unverified']);
    const anonymous = await gatehouse.browser().post(ACCEPT, { token });
    expect(anonymous.status).toBe(401);
    expect(await guestsOf(gatehouse, tenant)).toEqual([]);
    await gatehouse.sql('update gatehouse.users set email_verified_at = now() where id = $1', [guest.userId]);
    expect((await accept(token)).status).toBe(200);
  });

  it('works once', async () => {
    const { token } = await invited(guest.email);
    expect((await accept(token)).status).toBe(200);
    const again = await accept(token);
    expect([again.status, again.body.code]).toEqual([400, 'auth.link_invalid']);
  });

  it('ends after seven days, and is open again once it is sent again, by the new link alone', async () => {
    const { id, token } = await invited(guest.email);
    gatehouse.clock.advance({ days: 7 });
    expect((await accept(token)).body.code).toBe('auth.link_invalid');
    await admin.signInAgain();
    expect((await admin.get(`/invitations/${id}`)).body.status).toBe('expired');
    const sent = await admin.post(`/invitations/${id}/resend`);
    expect([sent.status, sent.body.status]).toEqual([200, 'open']);
    const fresh = tokenIn((await mailedTo(gatehouse, guest.email)).at(-1));
    expect((await accept(token)).body.code).toBe('auth.link_invalid');
    expect((await accept(fresh)).status).toBe(200);
  });

  it('opens nothing once it was taken back, and leaves neither principal nor roles [threat 44]', async () => {
    const { id, token } = await invited(guest.email, ['admin']);
    expect(await principalOf(gatehouse, id)).toEqual([{ status: 'suspended', role_names: ['admin'] }]);
    expect((await admin.delete(`/invitations/${id}`)).status).toBe(204);
    expect((await accept(token)).body.code).toBe('auth.link_invalid');
    expect(await principalOf(gatehouse, id)).toEqual([]);
    expect(
      await gatehouse.sql('select from gatehouse.role_assignments where principal_id = $1', [id]),
    ).toEqual([]);
    expect((await admin.get(`/invitations/${id}`)).body).toMatchObject({
      status: 'revoked',
      roles: ['admin'],
    });
    expect((await admin.delete(`/invitations/${id}`)).status).toBe(404);
    expect((await admin.post(`/invitations/${id}/resend`)).status).toBe(404);
    expect(itemsOf(await admin.get('/audit?action=invitation_revoked'))).toMatchObject([
      { resource: { id } },
    ]);
  });

  it('gives no more than the roles that the invitation holds by then', async () => {
    const { id, token } = await invited(guest.email, ['admin']);
    const [assignment] = itemsOf(await admin.get(`/role-assignments?principalId=${id}`));
    expect((await admin.delete(`/role-assignments/${String(assignment?.id)}`)).status).toBe(204);
    await accept(token);
    expect((await admin.get(`/memberships/${id}`)).body.roles).toEqual([]);
  });

  it.each(['lost the role', 'was suspended'])(
    'gives no role that whoever invited could not give any more, and says so: the inviter %s [threat 72]',
    async (how) => {
      const inviter = await addCaller(gatehouse, tenant, 'admin');
      const kept = await invite(gatehouse, admin, freshAddress(), ['SUPPORT_AGENT']);
      const { id, token } = await invite(gatehouse, inviter, guest.email, ['admin']);
      const [held] = itemsOf(await admin.get(`/role-assignments?principalId=${inviter.principalId}`));
      const done =
        how === 'was suspended'
          ? await admin.post(`/users/${inviter.userId}/suspend`)
          : await admin.delete(`/role-assignments/${String(held?.id)}`);
      expect(done.status).toBeLessThan(300);
      expect((await accept(token)).status).toBe(200);
      expect((await admin.get(`/memberships/${id}`)).body.roles).toEqual([]);
      expect((await admin.get(`/invitations/${id}`)).body).toMatchObject({ status: 'accepted', roles: [] });
      const removed = itemsOf(await admin.get('/audit?action=role_removed')).filter(
        ({ resource }) => (resource as { id: string }).id === id,
      );
      expect(removed).toMatchObject([{ actor: { kind: 'system' }, before: { role: 'admin' } }]);
      // What another inviter gives, who stands as before, is untouched.
      const newcomer = { token: kept.token, name: 'Nia New', password: 'Good-Pass-1' };
      expect((await gatehouse.browser().post(REGISTER, newcomer)).status).toBe(204);
      expect((await admin.get(`/memberships/${kept.id}`)).body.roles).toEqual(['SUPPORT_AGENT']);
    },
  );

  it('makes nobody a member twice', async () => {
    const first = await invited(guest.email);
    await accept(first.token);
    // A guest's address stays at home: that it is a member's is told to the guest, and not to the inviter.
    const second = await invited(guest.email, ['admin']);
    const answer = await accept(second.token);
    expect([answer.status, answer.body.code]).toEqual([409, 'memberships.exists']);
    expect((await admin.get(`/memberships/${first.id}`)).body.roles).toEqual([]);
  });

  it('is refused in a tenant that is suspended, and possible again when it is not', async () => {
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const { token } = await invited(guest.email);
    await platform.post(`/tenants/${tenant}/suspend`);
    expect((await accept(token)).body.code).toBe('auth.link_invalid');
    await platform.post(`/tenants/${tenant}/activate`);
    expect((await accept(token)).status).toBe(200);
  });
});

describe('POST /api/v1/auth/invitation/open', () => {
  it('tells the holder of the link who invites and which address, and spends nothing', async () => {
    const { token, answer } = await invited(guest.email, ['admin']);
    for (let n = 0; n < 2; n += 1) {
      const opened = await gatehouse.browser().post(OPEN, { token });
      expect(opened.status).toBe(200);
      expect(opened.body).toEqual({
        tenantName: 'Harbour',
        email: guest.email,
        expiresAt: answer.body.expiresAt,
        passwords: true,
        connections: [],
      });
    }
  });

  it.each([
    ['no token', {}, 'request.invalid'],
    ['a made-up one', { token: `${'A'.repeat(22)}.${'A'.repeat(43)}` }, 'auth.link_invalid'],
    ['more than a token', { token: 'A'.repeat(43), email: 'a@example.com' }, 'request.invalid'],
  ])('refuses %s', async (_what, body, code) => {
    for (const path of [OPEN, REGISTER]) {
      const more = path === REGISTER ? { name: 'X', password: 'Good-Pass-1' } : {};
      const answer = await gatehouse.browser().post(path, { ...more, ...body });
      expect([answer.status, answer.body.code]).toEqual([400, code]);
    }
  });
});

describe('POST /api/v1/auth/invitation/register', () => {
  const newcomer = { name: 'Nia New', password: 'Good-Pass-1' };

  it('makes an account at home in the inviting tenant, with the roles, which signs in', async () => {
    const email = freshAddress();
    const { id, token } = await invited(email, ['SUPPORT_AGENT']);
    const answer = await gatehouse.browser().post(REGISTER, { token, ...newcomer });
    expect(answer.status, answer.text).toBe(204);
    const browser = await signedIn(gatehouse, { email, password: newcomer.password });
    expect((await browser.get('/api/v1/auth/me')).body).toMatchObject({
      user: { email, name: 'Nia New', tenantId: tenant, emailVerified: true },
      tenant: { id: tenant },
      roles: ['SUPPORT_AGENT'],
    });
    expect((await admin.get(`/memberships/${id}`)).body).toMatchObject({ home: true, status: 'active' });
    expect((await gatehouse.browser().post(REGISTER, { token, ...newcomer })).body.code).toBe(
      'auth.link_invalid',
    );
  });

  it('makes none for an address that enters an account, and leaves the link for that one', async () => {
    const { token } = await invited(guest.email);
    const answer = await gatehouse.browser().post(REGISTER, { token, ...newcomer });
    expect([answer.status, answer.body.code]).toEqual([409, 'users.email_in_use']);
    expect((await accept(token)).status).toBe(200);
    expect((await signedIn(gatehouse, { email: guest.email, password: PASSWORD })).csrf).toBeDefined();
  });

  it.each([
    ['short', 'password.too_weak'],
    ['alllowercase1', 'password.too_weak'],
    ['Aa1'.repeat(25), 'password.too_long'],
  ])('takes no password that breaks the rules: %s [threat 42]', async (password, code) => {
    const { token } = await invited(freshAddress());
    const answer = await gatehouse.browser().post(REGISTER, { token, name: 'X', password });
    expect(answer.body.code).toBe(code);
    expect((await gatehouse.browser().post(OPEN, { token })).status).toBe(200);
  });

  it('takes no tenant, role or address from the body [threat 71]', async () => {
    const { token } = await invited(freshAddress());
    for (const more of [{ email: 'x@example.com' }, { roles: ['admin'] }, { tenantId: newId() }]) {
      const answer = await gatehouse.browser().post(REGISTER, { token, ...newcomer, ...more });
      expect(answer.body.code).toBe('request.invalid');
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import {
  addPerson,
  call,
  PASSWORD,
  type Person,
  registerTenant,
} from '../../../test/standing/people.fixture.ts';
import { newId, ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Person;

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
});
afterAll(() => gatehouse.close());

const as = (who: Person, method: string, url: string, body?: unknown) =>
  call(gatehouse, who.token, { method, url: `/api/v1${url}`, body });
const act = (who: Person, tenantId: string, what: 'suspend' | 'activate') =>
  as(who, 'POST', `/tenants/${tenantId}/${what}`, {});
const remove = (who: Person, tenantId: string) => as(who, 'DELETE', `/tenants/${tenantId}`);
const login = (email: string) =>
  gatehouse.browser().post('/api/v1/auth/login', { email, password: PASSWORD });
const records = (tenantId: string, action: string, resource: string) =>
  gatehouse.sql<{ before: unknown; after: unknown; actor_id: string }>(
    'select before, after, actor_id from gatehouse.audit_records where tenant_id = $1 and action = $2 and resource_id = $3 order by id',
    [tenantId, action, resource],
  );
const revocations = (tenantId: string) =>
  gatehouse.sql<{ epoch: number }>(
    `select epoch from gatehouse.revocations where tenant_id = $1 and kind = 'tenant' and subject_id = $1 order by seq`,
    [tenantId],
  );
const statusOf = async (tenantId: string) =>
  (
    await gatehouse.sql<{ status: string; epoch: number }>(
      'select status, epoch from gatehouse.tenants where id = $1',
      [tenantId],
    )
  )[0];

let made = 0;
/** A tenant with a user who signs in by password, and a signed-in browser of that user. */
async function tenantWithUser() {
  made += 1;
  const email = `first@t${made}.example`;
  const { tenantId, userId } = await registerTenant(gatehouse, `Tenant ${made}`, email);
  const browser = gatehouse.browser();
  const signedIn = await browser.post('/api/v1/auth/login', { email, password: PASSWORD });
  if (signedIn.status !== 200) throw new Error(signedIn.text);
  return { tenantId, userId, email, browser };
}

describe('suspending a tenant', () => {
  it('stops sessions, renewals and logins at the next request, and keeps all data [threat 44]', async () => {
    const { tenantId, userId, email, browser } = await tenantWithUser();
    const other = await addPerson(gatehouse, tenantId, ['admin']);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(200);

    const answer = await act(platform, tenantId, 'suspend');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: tenantId, status: 'suspended' });

    expect((await browser.get('/api/v1/auth/me')).body.code).toBe('auth.session_expired');
    expect((await as(other, 'GET', '/users')).body.code).toBe('auth.session_expired');
    expect((await browser.clone().post('/api/v1/auth/refresh')).body.code).toBe('auth.session_expired');
    const refused = await login(email);
    expect(refused.status).toBe(401);
    expect(refused.body.code).toBe('auth.invalid_credentials');

    expect(await gatehouse.sql('select status from gatehouse.users where id = $1', [userId])).toEqual([
      { status: 'active' },
    ]);
    expect((await as(platform, 'GET', `/tenants/${tenantId}/users`)).body.items).toHaveLength(2);
  });

  it('leaves no session to somebody who signs in at the same moment, whatever comes first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { tenantId, email } = await tenantWithUser();
      const late = gatehouse.browser();
      const signIn = late.post('/api/v1/auth/login', { email, password: PASSWORD });
      const [opened] = await Promise.all([signIn, act(platform, tenantId, 'suspend')]);
      expect([200, 401]).toContain(opened.status);
      expect((await late.post('/api/v1/auth/refresh')).status).toBe(401);
      const alive = await gatehouse.sql(
        'select from gatehouse.sessions where tenant_id = $1 and ended_at is null',
        [tenantId],
      );
      expect(alive).toEqual([]);
    }
  });

  it('is undone by activating: people sign in again, and the old sessions stay ended', async () => {
    const { tenantId, email, browser } = await tenantWithUser();
    await act(platform, tenantId, 'suspend');
    expect((await act(platform, tenantId, 'activate')).body.status).toBe('active');
    expect((await login(email)).status).toBe(200);
    expect((await browser.get('/api/v1/auth/me')).body.code).toBe('auth.session_expired');
    expect((await browser.post('/api/v1/auth/refresh')).body.code).toBe('auth.session_expired');
  });

  it('stops whoever works in the tenant as a member, and leaves their home alone', async () => {
    const { tenantId } = await tenantWithUser();
    const { tenantId: home } = await tenantWithUser();
    const guest = await addPerson(gatehouse, home, ['admin']);
    const membership = newId();
    await gatehouse.sql(
      `insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, $2, 'member', now())`,
      [tenantId, membership],
    );
    await gatehouse.sql(
      'insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) values ($1, $2, $3, $4, now())',
      [tenantId, membership, home, guest.userId],
    );
    await gatehouse.sql('update gatehouse.sessions set active_tenant_id = $1 where id = $2', [
      tenantId,
      guest.opened.sessionId,
    ]);
    const atHome = await addPerson(gatehouse, home, ['admin']);
    const where = async () =>
      ((await as(guest, 'GET', '/auth/me')).body.tenant as { id?: string } | undefined)?.id;
    expect(await where()).toBe(tenantId);
    await act(platform, tenantId, 'suspend');
    expect((await as(guest, 'GET', '/auth/me')).body.code).toBe('auth.session_expired');
    expect((await as(atHome, 'GET', '/auth/me')).status).toBe(200);
  });

  it('is on record in both tenants and told to the followers, once', async () => {
    const { tenantId } = await tenantWithUser();
    await act(platform, tenantId, 'suspend');
    expect((await act(platform, tenantId, 'suspend')).status).toBe(200);
    const expected = { status: 'suspended', endedSessions: 2 };
    expect(await records(tenantId, 'tenant_suspended', tenantId)).toMatchObject([
      { actor_id: platform.userId, before: { status: 'active' }, after: expected },
    ]);
    expect(await records(ROOT_TENANT, 'tenant_suspended', tenantId)).toMatchObject([
      { actor_id: platform.userId, after: { of: tenantId, state: expected } },
    ]);
    expect(await revocations(tenantId)).toEqual([{ epoch: 1 }]);
    await act(platform, tenantId, 'activate');
    await act(platform, tenantId, 'activate');
    expect(await records(tenantId, 'tenant_activated', tenantId)).toHaveLength(1);
    expect(await records(ROOT_TENANT, 'tenant_activated', tenantId)).toHaveLength(1);
    expect(await revocations(tenantId)).toEqual([{ epoch: 1 }, { epoch: 2 }]);
  });

  it('is for whoever stands above, and never for the tenant itself', async () => {
    const partnerId = await open({ name: 'Partner', type: 'partner' });
    const partner = await addPerson(gatehouse, partnerId, ['admin']);
    const answer = await as(partner, 'POST', '/tenants', { name: 'Customer', type: 'customer' });
    const customerId = answer.body.id as TenantId;
    const customer = await addPerson(gatehouse, customerId, ['admin']);
    expect((await act(customer, customerId, 'suspend')).body).toMatchObject({
      code: 'access.denied',
      missingPermission: 'tenants:suspend',
    });
    expect((await act(partner, partnerId, 'suspend')).body.code).toBe('access.denied');
    expect((await act(partner, customerId, 'suspend')).body.status).toBe('suspended');
    expect(await records(partnerId, 'tenant_suspended', customerId)).toHaveLength(1);
    // A suspended partner does not take its customers with it.
    await act(partner, customerId, 'activate');
    const again = await addPerson(gatehouse, customerId, ['admin']);
    await act(platform, partnerId, 'suspend');
    expect((await as(partner, 'GET', '/auth/me')).status).toBe(401);
    expect((await as(again, 'GET', '/auth/me')).status).toBe(200);
  });

  it('leaves the root tenant alone', async () => {
    for (const answer of [
      await act(platform, ROOT_TENANT, 'suspend'),
      await act(platform, ROOT_TENANT, 'activate'),
      await remove(platform, ROOT_TENANT),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('tenants.root_fixed');
    }
    expect(await statusOf(ROOT_TENANT)).toEqual({ status: 'active', epoch: 0 });
  });
});

describe('a mailed link to set a password', () => {
  const set = (token: string) =>
    gatehouse.browser().post('/api/v1/auth/password/set', { token, password: PASSWORD });
  async function invitedIn(tenantId: TenantId) {
    const admin = await addPerson(gatehouse, tenantId, ['admin']);
    const email = `${newId()}@example.com`;
    const { id } = (await as(admin, 'POST', '/users', { email, name: 'Invited' })).body;
    const link = tokenIn((await gatehouse.deliverMail()).findLast(({ to }) => to === email));
    return { email, link, id: String(id) };
  }
  const held = (email: string) =>
    gatehouse.sql('select tenant_id from gatehouse.login_identifiers where email_key = $1', [email]);

  it('opens nothing while the tenant is suspended, and is good again afterwards [threat 44]', async () => {
    const { tenantId } = await tenantWithUser();
    const { email, link } = await invitedIn(tenantId);
    await act(platform, tenantId, 'suspend');
    expect((await set(link)).body.code).toBe('auth.link_invalid');
    expect(await held(email)).toEqual([]);
    await act(platform, tenantId, 'activate');
    expect((await set(link)).status).toBe(204);
    expect((await login(email)).status).toBe(200);
  });

  it('opens nothing in a deleted tenant, and leaves the lock of who has the address now', async () => {
    const { tenantId } = await tenantWithUser();
    const { email, link } = await invitedIn(tenantId);
    await act(platform, tenantId, 'suspend');
    await remove(platform, tenantId);
    const elsewhere = await registerTenant(gatehouse, 'Elsewhere', email);
    const guess = () => gatehouse.browser().post('/api/v1/auth/login', { email, password: 'Wrong-Pass-1' });
    for (let n = 1; n <= 5; n += 1) await guess();
    expect((await guess()).status).toBe(423);
    expect((await set(link)).body.code).toBe('auth.link_invalid');
    expect((await guess()).status).toBe(423);
    expect(await held(email)).toEqual([{ tenant_id: elsewhere.tenantId }]);
  });

  it('takes no address into a tenant that is deleted while it is redeemed', async () => {
    const { tenantId } = await tenantWithUser();
    const { email, link, id } = await invitedIn(tenantId);
    const { oneTimeTokens } = gatehouse.server.deps;
    const { consume } = oneTimeTokens;
    oneTimeTokens.consume = async (...given) => {
      expect((await act(platform, tenantId, 'suspend')).status).toBe(200);
      expect((await remove(platform, tenantId)).status).toBe(204);
      return consume(...given);
    };
    try {
      expect((await set(link)).body.code).toBe('auth.link_invalid');
    } finally {
      oneTimeTokens.consume = consume;
    }
    expect(await held(email)).toEqual([]);
    expect(await gatehouse.sql('select from gatehouse.credentials where user_id = $1', [id])).toEqual([]);
  });
});

describe('deleting a tenant', () => {
  it('takes a suspended one, and leaves a tombstone that nobody enters', async () => {
    const { tenantId, email } = await tenantWithUser();
    expect((await remove(platform, tenantId)).body.code).toBe('tenants.not_suspended');
    expect((await statusOf(tenantId))?.status).toBe('active');
    await act(platform, tenantId, 'suspend');
    expect((await remove(platform, tenantId)).status).toBe(204);
    expect(await statusOf(tenantId)).toEqual({ status: 'deleted', epoch: 2 });
    for (const answer of [
      await as(platform, 'GET', `/tenants/${tenantId}`),
      await act(platform, tenantId, 'activate'),
      await remove(platform, tenantId),
      await as(platform, 'GET', `/tenants/${tenantId}/users`),
    ])
      expect(answer.status).toBe(404);
    expect((await login(email)).body.code).toBe('auth.invalid_credentials');
    const listed = async (query: string) =>
      ((await as(platform, 'GET', `/tenants?limit=200${query}`)).body.items as { id: string }[]).some(
        ({ id }) => id === tenantId,
      );
    expect(await listed('')).toBe(false);
    expect(await listed('&status=deleted')).toBe(true);
  });

  it('ends every session, frees the addresses, keeps the slug taken, and says so in both trails', async () => {
    const { tenantId, email } = await tenantWithUser();
    await as(platform, 'PATCH', `/tenants/${tenantId}`, { slug: 'once-used' });
    await act(platform, tenantId, 'suspend');
    await remove(platform, tenantId);
    const standing = await gatehouse.sql(
      'select id from gatehouse.sessions where tenant_id = $1 and ended_at is null',
      [tenantId],
    );
    expect(standing).toEqual([]);
    const after = { status: 'deleted', freedAddresses: 1 };
    expect(await records(tenantId, 'tenant_deleted', tenantId)).toMatchObject([{ after }]);
    expect(await records(ROOT_TENANT, 'tenant_deleted', tenantId)).toMatchObject([
      { after: { of: tenantId, state: after } },
    ]);
    expect(await revocations(tenantId)).toEqual([{ epoch: 1 }, { epoch: 2 }]);
    const slug = await as(platform, 'POST', '/tenants', {
      name: 'Heir',
      type: 'customer',
      slug: 'once-used',
    });
    expect(slug.body.code).toBe('tenants.slug_in_use');
    // The address opens another account now, and that account only.
    const heir = await registerTenant(gatehouse, 'New home', email);
    expect(heir.tenantId).not.toBe(tenantId);
    expect((await login(email)).body.user).toMatchObject({ tenantId: heir.tenantId });
  });

  it('is refused while customers lie below', async () => {
    const partnerId = await open({ name: 'Partner', type: 'partner' });
    const partner = await addPerson(gatehouse, partnerId, ['admin']);
    const below = (await as(partner, 'POST', '/tenants', { name: 'Below', type: 'customer' })).body
      .id as string;
    await act(platform, partnerId, 'suspend');
    expect((await remove(platform, partnerId)).body.code).toBe('tenants.has_customers');
    await act(platform, below, 'suspend');
    expect((await remove(platform, below)).status).toBe(204);
    expect((await remove(platform, partnerId)).status).toBe(204);
  });

  it('happens once, however often it is asked for at the same moment', async () => {
    const { tenantId } = await tenantWithUser();
    await act(platform, tenantId, 'suspend');
    const answers = await Promise.all(Array.from({ length: 6 }, () => remove(platform, tenantId)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    for (const { status } of answers) expect([204, 404]).toContain(status);
    expect(await records(tenantId, 'tenant_deleted', tenantId)).toHaveLength(1);
  });
});

async function open(body: object): Promise<TenantId> {
  const answer = await as(platform, 'POST', '/tenants', body);
  return answer.body.id as TenantId;
}

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeApiKey, type Script, withKey } from '../../../test/api-keys.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const READS = { scopes: ['users:read'] };
let gatehouse: TestServer;
let acme: TenantId;
let boss: Caller;
let owner: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  acme = await addTenant(gatehouse);
  boss = await addCaller(gatehouse, acme, 'admin');
  owner = await addCaller(gatehouse, acme, 'admin');
});
const statusOf = async (script: Script, path = '/users') => (await script.call('GET', path)).status;
const refusal = (answer: { status: number; body: { code?: unknown } }) => [answer.status, answer.body.code];

describe('making an API key', () => {
  it('shows it once: afterwards there is its prefix, its last four characters, and its hash', async () => {
    const made = await owner.post('/api-keys', { name: 'Nightly report', ...READS });
    expect(made.status, made.text).toBe(201);
    const key = String(made.body.key);
    expect(key).toMatch(/^cf_dev_[0-9A-Za-z]{38}$/);
    expect(made.body).toMatchObject({
      name: 'Nightly report',
      shownAs: `cf_dev_…${key.slice(-4)}`,
      owner: { kind: 'user', principalId: owner.principalId, userId: owner.userId, clientId: null },
      scopes: ['users:read'],
      lastUsedAt: null,
    });
    const { key: _shown, ...shown } = made.body;
    expect((await boss.get(`/api-keys/${String(made.body.id)}`)).body).toEqual(shown);
    expect(itemsOf(await boss.get('/api-keys'))).toEqual([shown]);
    const [row] = await gatehouse.sql<{ row: string; hash: Buffer }>(
      'select k.hash, row_to_json(k)::text || (select string_agg(row_to_json(a)::text, $2) from gatehouse.audit_records a) as row from gatehouse.api_keys k where id = $1',
      [made.body.id, '\n'],
    );
    expect(row?.hash).toEqual(createHash('sha256').update(key).digest());
    expect(row?.row).not.toContain(key.slice('cf_dev_'.length, -4));
  });

  it('asks for a recent proof of who asks', async () => {
    gatehouse.clock.advance({ minutes: 11 });
    expect(refusal(await owner.post('/api-keys', { name: 'Late' }))).toEqual([
      401,
      'auth.insufficient_user_authentication',
    ]);
  });

  it('names no scope that its maker lacks, and the attempt is on record [threat 72]', async () => {
    const viewer = await addCaller(gatehouse, acme, 'SUPPORT_AGENT');
    expect((await viewer.post('/api-keys', READS)).status).toBe(403);
    const refused = await owner.post('/api-keys', {
      name: 'Rise',
      scopes: ['users:read', 'tenants:operate'],
    });
    expect(refusal(refused)).toEqual([403, 'access.grant_exceeds_own']);
    expect(refused.body.missingPermission).toBe('tenants:operate');
    expect(itemsOf(await boss.get(`/audit?action=authorization_denied&actor=${owner.userId}`))).toMatchObject(
      [{ after: { code: 'access.grant_exceeds_own', permission: 'tenants:operate' } }],
    );
    expect(itemsOf(await boss.get('/api-keys'))).toEqual([]);
  });

  it.each([
    ['nobody but the caller as its owner', { userId: '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11' }],
    ['no permissions beside scopes', { permissions: ['users:read'] }],
    ['no tenant', { tenantId: ROOT_TENANT }],
    ['no wildcard', { scopes: ['users:*'] }],
    ['no scope twice', { scopes: ['users:read', 'users:read'] }],
    ['no end in the past', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['no range of all addresses', { allowedAddresses: ['0.0.0.0/0'] }],
    ['no address that is none', { allowedAddresses: ['203.0.113.0/33'] }],
    ['no name that shows nothing', { name: '\u200b' }],
  ])('takes %s from the body [threat 71]', async (_what, odd) => {
    expect(refusal(await owner.post('/api-keys', { name: 'Odd', ...odd }))).toEqual([400, 'request.invalid']);
  });

  it('makes none of their own for whoever only administers the tenant, and none for a service that is not there', async () => {
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const path = `/tenants/${acme}/api-keys`;
    expect(refusal(await platform.post(path, { name: 'Mine' }))).toEqual([409, 'api_keys.elsewhere']);
    for (const serviceId of [boss.principalId, '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11'])
      expect((await platform.post(path, { name: 'Service', serviceId })).status).toBe(404);
  });
});

describe('an API key', () => {
  it('opens what its scopes say, wherever a token does, and starts with nothing', async () => {
    const script = await makeApiKey(gatehouse, owner, READS);
    expect(await statusOf(script)).toBe(200);
    const refused = await script.call('POST', '/users', { email: 'a@example.com', name: 'A' });
    expect(refused).toMatchObject({ status: 403, body: { missingPermission: 'users:create' } });
    expect(await statusOf(await makeApiKey(gatehouse, owner))).toBe(403);
  });

  it('acts in its own name, on record', async () => {
    const script = await makeApiKey(gatehouse, owner, { scopes: ['users:create'] });
    const added = await script.call('POST', '/users', { email: `${script.id}@example.com`, name: 'Added' });
    expect(added.status, added.text).toBe(201);
    expect(itemsOf(await boss.get(`/audit?action=user_created&actor=${script.id}`))).toMatchObject([
      { actor: { kind: 'api_key', id: script.id, label: `cf_dev_…${script.key.slice(-4)}` } },
    ]);
  });

  it('does nothing that is for people: no account of its own, no proof of now', async () => {
    const script = await makeApiKey(gatehouse, owner, { scopes: ['api_keys:create', 'users:reset_factors'] });
    for (const [method, path] of [
      ['GET', '/auth/me'],
      ['GET', '/sessions'],
      ['POST', '/api-keys'],
      ['POST', `/users/${boss.userId}/reset-factors`],
    ] as const)
      expect(refusal(await script.call(method, path)), path).toEqual([403, 'auth.person_required']);
    expect(itemsOf(await boss.get(`/audit?action=authorization_denied&actor=${script.id}`))).toHaveLength(4);
  });

  it('holds no more than its owner does now, and nothing when the owner is suspended or gone [threat 44] [threat 72]', async () => {
    const script = await makeApiKey(gatehouse, owner, READS);
    const [held] = itemsOf(await boss.get(`/role-assignments?principalId=${owner.principalId}`));
    await boss.delete(`/role-assignments/${String(held?.id)}`);
    expect(await statusOf(script)).toBe(403);
    await boss.post('/role-assignments', { principalId: owner.principalId, role: 'SUPPORT_AGENT' });
    expect(await statusOf(script)).toBe(200);
    await boss.post(`/users/${owner.userId}/suspend`);
    expect(await statusOf(script)).toBe(401);
    await boss.post(`/users/${owner.userId}/activate`);
    expect(await statusOf(script)).toBe(200);
    expect((await boss.delete(`/users/${owner.userId}`)).status).toBe(204);
    expect(await statusOf(script)).toBe(401);
    expect(itemsOf(await boss.get('/api-keys'))).toEqual([]);
    expect(
      await gatehouse.sql(`select from gatehouse.principals where tenant_id = $1 and kind = 'api_key'`, [
        acme,
      ]),
    ).toEqual([]);
  });

  it('of a guest goes with the membership, and stops while the home is suspended', async () => {
    const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
    const home = await addTenant(gatehouse);
    const guest = await addCaller(gatehouse, home, 'admin');
    const [membership] = await gatehouse.sql<{ id: string }>(
      `with p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, gen_random_uuid(), 'member', now()) returning *)
       insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) select tenant_id, id, $2, $3, now() from p returning id`,
      [acme, home, guest.userId],
    );
    await boss.post('/role-assignments', { principalId: membership?.id, role: 'admin' });
    expect((await guest.switchTo(acme)).status).toBe(200);
    const script = await makeApiKey(gatehouse, guest, READS);
    expect(await statusOf(script)).toBe(200);
    await platform.post(`/tenants/${home}/suspend`);
    expect(await statusOf(script)).toBe(401);
    await platform.post(`/tenants/${home}/activate`);
    expect(await statusOf(script)).toBe(200);
    expect((await boss.delete(`/memberships/${membership?.id ?? ''}`)).status).toBe(204);
    expect(await statusOf(script)).toBe(401);
  });

  it('ends on its day', async () => {
    const expiresAt = new Date(gatehouse.clock.now().getTime() + 60_000).toISOString();
    const script = await makeApiKey(gatehouse, owner, { ...READS, expiresAt });
    expect(await statusOf(script)).toBe(200);
    gatehouse.clock.advance({ minutes: 1 });
    expect(refusal(await script.call('GET', '/users'))).toEqual([401, 'auth.token_invalid']);
  });

  it('is refused when it is mistyped, of another form or sent as a cookie', async () => {
    const script = await makeApiKey(gatehouse, owner, READS);
    const odd = [script.key.slice(0, -1), `${script.key}x`, script.key.toLowerCase(), `${script.key} x`];
    for (const key of odd) expect(await statusOf(withKey(gatehouse, script.id, key)), key).toBe(401);
    const answer = await gatehouse.browser({ origin: undefined }).request({
      method: 'GET',
      url: '/api/v1/users',
      headers: { cookie: `__Host-gh.console.at=${script.key}` },
    });
    expect(answer.status).toBe(401);
  });

  it('is used from its addresses alone, and an attempt from elsewhere is on record [threat 49]', async () => {
    const allowedAddresses = ['203.0.113.0/24', '2001:db8::/32'];
    const { id, key } = await makeApiKey(gatehouse, owner, { ...READS, allowedAddresses });
    const from = (ip: string) => withKey(gatehouse, id, key, ip).call('GET', '/users');
    for (const ip of ['203.0.113.7', '2001:db8::1', '::ffff:203.0.113.9'])
      expect((await from(ip)).status, ip).toBe(200);
    // The leftmost hop is whoever wrote it: the proxy's own entry counts.
    for (const ip of ['198.51.100.1', '203.0.113.7, 198.51.100.1', 'fe80::1'])
      expect(refusal(await from(ip)), ip).toEqual([403, 'api_keys.address_refused']);
    expect(itemsOf(await boss.get(`/audit?action=authorization_denied&actor=${id}`))).toMatchObject([
      { after: { code: 'api_keys.address_refused' } },
      { after: { code: 'api_keys.address_refused' } },
      { after: { code: 'api_keys.address_refused' } },
    ]);
  });

  it('never gets what another key of the same owner may [threat 13]', async () => {
    const reads = await makeApiKey(gatehouse, owner, READS);
    const nothing = await makeApiKey(gatehouse, owner, { scopes: ['roles:read'] });
    const wrong: string[] = [];
    for (let n = 0; n < 100; n += 1)
      await Promise.all(
        Array.from({ length: 100 }, async (_, m) => {
          const [script, expected] = (n + m) % 2 === 0 ? [reads, 200] : [nothing, 403];
          const status = await statusOf(script, '/users?limit=1');
          if (status !== expected) wrong.push(`${script.id} got ${status}`);
        }),
      );
    expect(wrong).toEqual([]);
  }, 120_000);
});

describe('the list of API keys', () => {
  it('tells when each was used last, and which nobody has used for so many days', async () => {
    const used = await makeApiKey(gatehouse, owner, READS);
    const idle = await makeApiKey(gatehouse, owner, READS);
    gatehouse.clock.advance({ minutes: 60 * 24 * 31 });
    await boss.signInAgain();
    expect(await statusOf(used)).toBe(200);
    await gatehouse.server.deps.lastUses.flush();
    const listed = itemsOf(await boss.get('/api-keys'));
    expect(listed.map(({ id, lastUsedAt }) => [id, lastUsedAt])).toEqual([
      [used.id, gatehouse.clock.now().toISOString()],
      [idle.id, null],
    ]);
    expect(itemsOf(await boss.get('/api-keys?idleDays=30')).map(({ id }) => id)).toEqual([idle.id]);
    expect(itemsOf(await boss.get(`/api-keys?ownerId=${boss.principalId}`))).toEqual([]);
  });
});

describe('taking an API key back', () => {
  it('counts in every process from the next request on, however warm their memories are [threat 43]', async () => {
    const [row] = await gatehouse.sql<{ database: string }>('select current_database() as database');
    const other = await startServer({ database: row?.database ?? '', clock: gatehouse.clock });
    try {
      const script = await makeApiKey(gatehouse, owner, READS);
      const there = withKey(other, script.id, script.key);
      expect([await statusOf(script), await statusOf(there)]).toEqual([200, 200]);
      const rotated = await owner.post(`/api-keys/${script.id}/rotate`);
      expect(rotated.status, rotated.text).toBe(200);
      expect([await statusOf(there), await statusOf(script)]).toEqual([401, 401]);
      const again = withKey(other, script.id, String(rotated.body.key));
      expect(await statusOf(again)).toBe(200);
      expect((await boss.delete(`/api-keys/${script.id}`)).status).toBe(204);
      expect(await statusOf(again)).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('is told to whoever follows the revocation log', async () => {
    const script = await makeApiKey(gatehouse, owner, READS);
    await boss.delete(`/api-keys/${script.id}`);
    const feed = itemsOf(await boss.get('/revocations?limit=1000'));
    expect(feed.filter(({ kind }) => kind === 'api_key')).toMatchObject([
      { id: script.id, matches: [{ api_key_id: script.id }] },
    ]);
  });

  it('is for administrators; regenerating and changing it for its owner alone [threat 72]', async () => {
    const script = await makeApiKey(gatehouse, owner, READS);
    const path = `/api-keys/${script.id}`;
    expect(refusal(await boss.post(`${path}/rotate`))).toEqual([403, 'api_keys.not_own']);
    expect(refusal(await boss.patch(path, { allowedAddresses: [] }))).toEqual([403, 'api_keys.not_own']);
    expect(await statusOf(script)).toBe(200);
    const changed = await owner.patch(path, { name: 'Other', allowedAddresses: ['198.51.100.0/24'] });
    expect(changed.body).toMatchObject({ name: 'Other', allowedAddresses: ['198.51.100.0/24'] });
    expect(await statusOf(script)).toBe(403);
    expect((await owner.patch(path, {})).status).toBe(400);
    expect((await owner.patch(path, { scopes: ['users:create'] })).status).toBe(400);
    expect(itemsOf(await boss.get(`/audit?actor=${owner.userId}`)).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['api_key_created', 'api_key_updated']),
    );
  });
});

import { PersonalData } from '@gatehouse/contracts';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCEPT, invited } from '../../../test/invitations.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import {
  addOwner,
  canSignIn,
  freshAddress,
  LOGIN,
  mailedTo,
  recordsOf,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { openAccount, STEP_UP } from '../../../test/second-factor.fixture.ts';
import { ADMIN, startServer, type TestServer } from '../../../test/server.fixture.ts';
import { assignRole, PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';
import { readPublicKeys } from '../audit/index.ts';
import { verifyExport } from '../audit/verify/verify-export.ts';
import { openPassword } from '../auth/sealed-credentials.ts';

let gatehouse: TestServer;
let tenant: TenantId;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenant = await addTenant(gatehouse);
  admin = await addCaller(gatehouse, tenant, 'admin');
});
afterAll(() => gatehouse.close());

const EXPORT = '/api/v1/account/export';
const ERASE = '/api/v1/account/erase';
const ME = '/api/v1/auth/me';
const OWN_ROUTES = [
  { what: 'export', url: EXPORT, maxAge: 600, record: 'data_exported', status: 200 },
  { what: 'erasure', url: ERASE, maxAge: 120, record: 'data_erased', status: 204 },
];

describe('the data of a person', () => {
  it('is one document for its owner, and that is on record', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, { email });
    const answer = await browser.post(EXPORT);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['content-disposition']).toBe(`attachment; filename="personal-data-${userId}.json"`);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect([...Compile(PersonalData).Errors(answer.body)]).toEqual([]);
    const document = answer.body as unknown as PersonalData;
    expect(document).toMatchObject({ person: { id: userId, email }, credentials: [{ kind: 'password' }] });
    // What it answers is on record before the first of it leaves, and so stands in it.
    expect(document.records.at(-1)).toMatchObject({
      action: 'data_exported',
      after: { of: 'person', by: 'owner' },
    });
    expect(await recordsOf(gatehouse, 'data_exported', userId)).toHaveLength(1);
  });

  it('says nothing of others: an administrator’s address and browser are null in it', async () => {
    const added = await admin.post('/users', { email: freshAddress(), name: 'Grace' });
    const id = String(added.body.id);
    const { body, text } = await admin.post(`/users/${id}/export`);
    const document = body as unknown as PersonalData;
    const [created] = document.records;
    expect(created).toMatchObject({
      action: 'user_created',
      actor: { id: admin.userId },
      after: { name: 'Grace' },
      ip: null,
      userAgent: null,
    });
    expect(text).not.toContain(admin.email);
  });

  it('holds no secret: no password hash, no seal, no hash of a link or session, no key [threat 77]', async () => {
    const { email, userId, tenantId } = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, { email });
    await gatehouse.browser().post('/api/v1/auth/password/forgot', { email });
    await browser.post('/api/v1/account/consents', { purpose: 'product-news', version: '1' });
    const { text } = await browser.post(EXPORT);
    const [kept] = await gatehouse.sql<Record<string, string | Buffer>>(
      `select (select secret_sealed from gatehouse.credentials where user_id = $1) as password,
         (select hash from gatehouse.one_time_tokens where subject_id = $1 limit 1) as link,
         (select family_secret_hash from gatehouse.sessions where user_id = $1 limit 1) as family,
         (select key_sealed from gatehouse.subject_keys where subject_id = $1::text) as key,
         (select evidence->>'c' from gatehouse.consents where user_id = $1) as evidence`,
      [userId],
    );
    const secrets = Object.values(kept ?? {}).flatMap((value) =>
      typeof value === 'string'
        ? [value]
        : [value.toString('hex'), value.toString('base64'), value.toString('base64url')],
    );
    const { sealer } = gatehouse.server.deps;
    secrets.push(openPassword(sealer, { tenantId, userId }, String(kept?.password)), '$2b$', 'v1.');
    expect(secrets.length).toBeGreaterThan(8);
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('is read page by page, however much it is', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    await gatehouse.sql(
      `insert into gatehouse.audit_records (tenant_id, id, occurred_at, action, actor_kind, actor_id, resource_type, context, correlation_id)
       select $1, gen_random_uuid(), now() + n / 3 * interval '1 millisecond', 'logout', 'user', $2, 'session', '{}', lpad(n::text, 32, '0') from generate_series(1, 950) n`,
      [tenant, userId],
    );
    const browser = await signedIn(gatehouse, { email });
    const document = (await browser.post(EXPORT)).body as unknown as PersonalData;
    const numbers = document.records
      .filter(({ action }) => action === 'logout')
      .map((record) => record.correlationId);
    expect(new Set(numbers).size).toBe(950);
    expect(numbers).toHaveLength(950);
  });

  it('of a user is for administrators with the permission, not of oneself, nor of who stands above', async () => {
    const viewer = await addCaller(gatehouse, tenant, 'admin_viewer');
    for (const act of ['export', 'erase']) {
      expect((await viewer.post(`/users/${admin.userId}/${act}`)).body.code).toBe('access.denied');
      expect((await admin.post(`/users/${admin.userId}/${act}`)).body.code).toBe('users.self_forbidden');
      const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
      expect((await stranger.post(`/users/${viewer.userId}/${act}`)).status).toBe(404);
    }
    const below = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    const [root] = itemsOf(await below.get(`/users?search=${ADMIN.email}`));
    for (const act of ['export', 'erase'])
      expect((await below.post(`/users/${String(root?.id)}/${act}`)).body.code).toBe('access.denied');
  });
});

describe('erasing', () => {
  it('ends everything of the account at once, tells its mailbox, and frees the address [threat 44]', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const [here, there] = [await signedIn(gatehouse, { email }), await signedIn(gatehouse, { email })];
    await here.post('/api/v1/account/consents', { purpose: 'product-news', version: '1' });
    const erased = await here.post(ERASE);
    expect(erased.status, erased.text).toBe(204);
    expect([...here.cookies.keys()].filter((name) => name.includes('console'))).toEqual([]);
    expect((await there.get(ME)).status).toBe(401);
    expect((await there.post('/api/v1/auth/refresh')).status).toBe(401);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(false);
    expect((await admin.get(`/users/${userId}`)).status).toBe(404);
    expect((await mailedTo(gatehouse, email)).at(-1)?.subject).toBe('Your account with Gatehouse is erased');
    const [record] = itemsOf(await admin.get('/audit?action=data_erased'));
    expect(record).toMatchObject({
      actor: { kind: 'user', id: userId, label: null },
      resource: { id: userId },
      after: { by: 'owner', endedSessions: 3 },
      ip: null,
    });
    // The trail of what was consented to stays, and no longer says from where.
    const [consent] = itemsOf(await admin.get(`/users/${userId}/consents`));
    expect(consent).toMatchObject({ purpose: 'product-news', state: 'granted', ip: null, userAgent: null });
  });

  it('leaves an audit trail that verifies, in which the person is nobody', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, { email });
    await gatehouse.server.deps.sealing.run();
    await browser.post(ERASE);
    await gatehouse.server.deps.sealing.run();
    const { text } = await admin.get('/audit/export');
    expect(text).toContain(userId);
    expect(text).not.toContain(email);
    const keys = readPublicKeys(
      (await gatehouse.browser().get('/.well-known/gatehouse-audit-keys.json')).text,
    );
    const lines = async function* () {
      for (const line of text.split('\n').filter(Boolean))
        yield { line: JSON.parse(line), cellsDiffer: false };
    };
    const verdict = await verifyExport(lines(), { keys });
    expect(verdict.findings).toEqual([]);
    expect(verdict.records).toBeGreaterThan(5);
    const { body } = await admin.get('/audit?limit=200');
    const seals = (body.items as { seal: { state: string } }[]).map(({ seal }) => seal.state);
    expect(new Set(seals)).toEqual(new Set(['verified', 'pending'].filter((state) => seals.includes(state))));
  });

  it('lets the address be registered anew, with no link to who had it before', async () => {
    const email = freshAddress();
    const before = await registerTenant(gatehouse, 'First', email);
    const second = await addCaller(gatehouse, before.tenantId, 'admin');
    for (let n = 0; n < 5; n += 1) await gatehouse.browser().post(LOGIN, { email, password: 'Wrong-Pass-1' });
    expect((await second.post(`/users/${before.userId}/erase`)).status).toBe(204);
    await gatehouse.deliverMail();
    // Neither the lock on the address nor its mail limits are met again.
    const after = await registerTenant(gatehouse, 'Second', email);
    expect(after.userId).not.toBe(before.userId);
    expect(await canSignIn(gatehouse, email, PASSWORD)).toBe(true);
    const anew = await signedIn(gatehouse, { email });
    const { text } = await anew.post(EXPORT);
    expect(text).not.toContain(before.userId);
    expect(text).not.toContain(before.tenantId);
  });

  it('takes memberships in other tenants along, and mail and links there', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const elsewhere = await addTenant(gatehouse);
    const host = await addCaller(gatehouse, elsewhere, 'admin');
    await gatehouse.sql(
      `with p as (insert into gatehouse.principals (tenant_id, id, kind, created_at) values ($1, gen_random_uuid(), 'member', now()) returning id)
       insert into gatehouse.memberships (tenant_id, id, user_tenant_id, user_id, created_at) select $1, id, $2, $3, now() from p`,
      [elsewhere, tenant, userId],
    );
    const { deps } = gatehouse.server;
    const mailOf = async (tenantId: TenantId) => {
      const { enterOwn } = await import('../../platform/access/index.ts');
      await deps.doors.withTenant(enterOwn({ kind: 'system', tenantId, reason: 'test' }), (tx) =>
        deps.outbox.mail(
          tx,
          'test',
          { to: email, subject: 'x', greeting: 'x', paragraphs: [], from: 'x' },
          'x',
        ),
      );
    };
    const unrelated = await addTenant(gatehouse);
    for (const tenantId of [elsewhere, unrelated]) await mailOf(tenantId);
    const waiting = (tenantId: TenantId) =>
      gatehouse.sql(`select from gatehouse.outbox where tenant_id = $1 and type = 'test'`, [tenantId]);
    expect((await admin.post(`/users/${userId}/erase`)).status).toBe(204);
    expect(itemsOf(await host.get('/memberships?home=false'))).toEqual([]);
    expect(await waiting(elsewhere)).toEqual([]);
    // An account of the same address in a tenant that has nothing to do with this one is another account.
    expect(await waiting(unrelated)).toHaveLength(1);
  });

  it('takes invitations elsewhere along, those that wait and those that were accepted: records there name nobody', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const hosts = [await addTenant(gatehouse), await addTenant(gatehouse)];
    const [accepted, waiting] = [
      await addCaller(gatehouse, hosts[0] as TenantId, 'admin'),
      await addCaller(gatehouse, hosts[1] as TenantId, 'admin'),
    ];
    const { token } = await invited(gatehouse, accepted, email);
    expect((await (await signedIn(gatehouse, { email })).post(ACCEPT, { token })).status).toBeLessThan(300);
    expect((await waiting.post('/invitations', { email })).status).toBe(201);
    const trails = async () =>
      (await Promise.all([accepted, waiting].map((host) => host.get('/audit?limit=200')))).map(({ text }) =>
        text.includes(email),
      );
    expect(await trails()).toEqual([true, true]);
    expect((await admin.post(`/users/${userId}/erase`)).status).toBe(204);
    expect(itemsOf(await waiting.get('/invitations'))).toEqual([]);
    expect(await trails()).toEqual([false, false]);
    await gatehouse.deliverMail();
    const left = await gatehouse.sql(
      'select from gatehouse.outbox where tenant_id = any($1) and address is not null',
      [hosts],
    );
    expect(left).toEqual([]);
  });

  it.each(['ended', 'taken back', 'expired', 'accepted with an address that was changed, and ended'])(
    'reaches what a tenant has on record of an invitation that is gone: %s',
    async (how) => {
      const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
      const host = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
      const { id, token } = await invited(gatehouse, host, email);
      const statuses: number[] = [];
      const done = ({ status }: { status: number }) => void statuses.push(status);
      // As the clean-up removes it.
      if (how === 'expired') await gatehouse.sql('delete from gatehouse.invitations where id = $1', [id]);
      else if (how === 'taken back') done(await host.delete(`/invitations/${id}`));
      else {
        const browser = await signedIn(gatehouse, { email });
        done(await browser.post(ACCEPT, { token }));
        done(await host.delete(`/memberships/${id}`));
      }
      for (const status of statuses) expect(status).toBeLessThan(300);
      if (how.includes('changed')) {
        const other = freshAddress();
        await gatehouse.sql('update gatehouse.users set email = $1, email_key = $1 where id = $2', [
          other,
          userId,
        ]);
        await gatehouse.sql('update gatehouse.login_identifiers set email_key = $1 where user_id = $2', [
          other,
          userId,
        ]);
      }
      const trail = async () => (await host.get('/audit?limit=200')).text;
      expect(await trail()).toContain(email);
      expect((await admin.post(`/users/${userId}/erase`)).status).toBe(204);
      expect(await trail()).not.toContain(email);
      expect((await host.get('/invitations')).text).not.toContain(email);
      const left = await gatehouse.sql('select from gatehouse.subject_keys where user_id = $1', [userId]);
      expect(left).toEqual([]);
    },
  );

  it('leaves what a tenant has on record of the same address where it was never proved to be theirs', async () => {
    const email = freshAddress();
    const host = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const { id } = await invited(gatehouse, host, email);
    expect((await host.delete(`/invitations/${id}`)).status).toBe(204);
    // Anybody may type it.
    const typed = await admin.post('/users', { email, name: 'Typed' });
    expect((await admin.post(`/users/${String(typed.body.id)}/erase`)).status).toBe(204);
    expect((await host.get('/audit?limit=200')).text).toContain(email);
  });

  it('is refused to the last administrator of a tenant, who stays as they were', async () => {
    const email = freshAddress();
    const own = await registerTenant(gatehouse, 'Alone', email);
    const browser = await signedIn(gatehouse, { email });
    const refused = await browser.post(ERASE);
    expect([refused.status, refused.body.code]).toEqual([409, 'users.last_administrator']);
    expect((await browser.get(ME)).status).toBe(200);
    const document = (await browser.post(EXPORT)).body as unknown as PersonalData;
    expect(document.person.email).toBe(email);
    // With another one in charge it goes.
    const heir = await addOwner(gatehouse, { tenantId: own.tenantId });
    await assignRole(gatehouse, own.tenantId, heir.principalId, 'admin');
    expect((await browser.post(ERASE)).status).toBe(204);
    const root = await gatehouse.admin();
    expect((await root.post(ERASE)).body.code).toBe('users.last_administrator');
  });

  it('is on record in both tenants when the platform does it, and names nobody in either', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const root = await gatehouse.admin();
    expect((await root.post(`/api/v1/tenants/${tenant}/users/${userId}/erase`)).status).toBe(204);
    for (const path of [`/api/v1/tenants/${tenant}/audit`, '/api/v1/audit']) {
      const answer = await root.get(`${path}?action=data_erased`);
      expect(itemsOf(answer)[0]).toMatchObject({ actor: { label: ADMIN.email }, resource: { id: userId } });
      expect(answer.text).not.toContain(email);
    }
  });
});

describe('the data of somebody else', () => {
  it('is neither exported nor erased in a session whose proof is old', async () => {
    const home = await addTenant(gatehouse);
    const found = await addCaller(gatehouse, home, 'admin');
    const person = await addOwner(gatehouse, { tenantId: home });
    await gatehouse.sql(
      `update gatehouse.sessions set auth_time = auth_time - interval '3 hours' where user_id = $1`,
      [found.userId],
    );
    for (const act of ['export', 'erase'])
      expect((await found.post(`/users/${person.userId}/${act}`)).body.code).toBe(
        'auth.insufficient_user_authentication',
      );
  });
});

// At the end: what they wait for makes the administrator's access token expire.
describe.each(OWN_ROUTES)('one’s own $what', ({ url, maxAge, record, status }) => {
  it('is refused to a session whose proof is old, and given once it is proved again', async () => {
    const { email, userId } = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, { email });
    gatehouse.clock.advance({ minutes: 11 });
    const refused = await browser.post(url);
    expect([refused.status, refused.body.code]).toEqual([401, 'auth.insufficient_user_authentication']);
    expect(refused.headers['www-authenticate']).toContain(`acr_values="1", max_age="${maxAge}"`);
    expect(await recordsOf(gatehouse, record, userId)).toHaveLength(0);
    expect((await browser.post(STEP_UP, { password: PASSWORD })).status).toBe(200);
    expect((await browser.post(url)).status).toBe(status);
    expect(await recordsOf(gatehouse, record, userId)).toHaveLength(1);
  });

  it('asks those who have a second factor for it, however recent their password is', async () => {
    const { browser, enrol } = await openAccount(gatehouse);
    await enrol();
    gatehouse.clock.advance({ minutes: 11 });
    const refused = await browser.post(url);
    expect(refused.headers['www-authenticate']).toContain('acr_values="2"');
  });

  it('needs the CSRF token, the origin and a session', async () => {
    const { email } = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, { email });
    const body = {};
    expect((await browser.post(url, body, { 'x-csrf-token': 'none' })).body.code).toBe('auth.csrf_refused');
    expect((await browser.post(url, body, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await gatehouse.browser().post(url, body)).status).toBe(401);
    expect((await browser.get(ME)).status).toBe(200);
  });
});

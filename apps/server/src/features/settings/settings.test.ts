import { DEFAULT_SETTINGS, PERMISSION_GROUPS, TERMS } from '@gatehouse/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilHeard } from '../../../test/locks.fixture.ts';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
afterAll(() => gatehouse.close());

const urlOf = (tenantId: string) => `/tenants/${tenantId}/settings`;
const read = async (who: Caller, tenantId: string) => (await who.get(urlOf(tenantId))).body as never as Read;
interface Read {
  version: number;
  settings: typeof DEFAULT_SETTINGS;
  usage: { users: number };
}
/** Changes settings to the version that is there. */
async function change(who: Caller, tenantId: string, settings: object) {
  const { version } = await read(who, tenantId);
  return who.patch(urlOf(tenantId), { version, settings });
}
const records = (tenantId: string) =>
  gatehouse.sql<{ before: Record<string, unknown>; after: Record<string, unknown>; actor_id: string }>(
    `select before, after, actor_id from gatehouse.audit_records where tenant_id = $1 and action = 'tenant_settings_changed' order by id`,
    [tenantId],
  );

async function tenantWithAdmin(): Promise<{ tenantId: TenantId; admin: Caller }> {
  const tenantId = await addTenant(gatehouse);
  return { tenantId, admin: await addCaller(gatehouse, tenantId, 'admin') };
}

describe('the settings of a tenant', () => {
  it('have defaults, and are read with how many members there are', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const answer = await admin.get(urlOf(tenantId));
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      tenantId,
      version: 1,
      settings: DEFAULT_SETTINGS,
      usage: { users: 1 },
    });
  });

  it('are changed one by one, with what was before and after on record, and tell their version', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const answer = await change(admin, tenantId, {
      locale: 'de-CH',
      timeZone: 'Europe/Zurich',
      currency: 'CHF',
      dateFormat: 'DD.MM.YYYY',
      branding: { companyUrl: 'https://acme.example/' },
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      version: 2,
      settings: {
        ...DEFAULT_SETTINGS,
        locale: 'de-CH',
        timeZone: 'Europe/Zurich',
        currency: 'CHF',
        dateFormat: 'DD.MM.YYYY',
        branding: { primaryColor: null, companyUrl: 'https://acme.example/' },
      },
    });
    await change(admin, tenantId, { branding: { primaryColor: '#0a5c8f' } });
    expect((await read(admin, tenantId)).settings.branding).toEqual({
      primaryColor: '#0a5c8f',
      companyUrl: 'https://acme.example/',
    });
    const [first, second] = await records(tenantId);
    expect(first).toMatchObject({
      actor_id: admin.userId,
      before: { version: 1, locale: 'en', timeZone: 'UTC', currency: 'EUR' },
      after: { version: 2, locale: 'de-CH', timeZone: 'Europe/Zurich', currency: 'CHF' },
    });
    expect(Object.keys(second?.after ?? {}).toSorted()).toEqual(['branding', 'version']);
  });

  it('stay as they are when what was read is sent back, terms of the platform included [threat 78]', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    await change(platform, tenantId, { limits: { users: 7 }, rate: { tier: 'standard' } });
    await change(admin, tenantId, { signIn: { networks: ['127.0.0.1', '2001:DB8::/32'] } });
    const { version, settings } = await read(admin, tenantId);
    const before = await records(tenantId);
    const answer = await admin.patch(urlOf(tenantId), { version, settings });
    expect(answer.body, answer.text).toMatchObject({ version, settings });
    expect(await records(tenantId)).toEqual(before);
  });

  it('are refused to whoever changes what has been changed since, and of many at once one gets through', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const { version } = await read(admin, tenantId);
    const answers = await Promise.all(
      ['CHF', 'USD', 'GBP', 'JPY', 'SEK', 'NOK'].map((currency) =>
        admin.patch(urlOf(tenantId), { version, settings: { currency } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'settings.changed')).toHaveLength(5);
    expect(await records(tenantId)).toHaveLength(1);
    const late = await admin.patch(urlOf(tenantId), { version, settings: { locale: 'fr' } });
    expect(late.body.code).toBe('settings.changed');
  });

  it('refuse what is no zone, no language, no currency, no colour and no address of the web [threat 68]', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const { version } = await read(admin, tenantId);
    const wrong: object[] = [
      { timeZone: 'Mars/Olympus' },
      { timeZone: '+01:00' },
      { timeZone: '' },
      { locale: 'en_GB' },
      { locale: 'EN-gb' },
      { locale: 'x'.repeat(36) },
      { currency: 'XYZ' },
      { currency: 'eur' },
      { currency: 'XAU' },
      { dateFormat: 'dd.mm.yy' },
      { branding: { primaryColor: 'red' } },
      { branding: { primaryColor: '#0A5C8F' } },
      { branding: { primaryColor: '#fff;background:url(//evil.example)' } },
      { branding: { companyUrl: 'javascript:alert(1)' } },
      { branding: { companyUrl: 'http://acme.example/' } },
      { branding: { companyUrl: 'https://acme.example@evil.example/' } },
      { branding: { companyUrl: 'https://acme.example/"><script>' } },
      { branding: { companyUrl: 'https://acme.example\\@evil.example' } },
      { branding: { logo: 'data:image/svg+xml,<svg/>' } },
      { password: { minLength: 7 } },
      { password: { minLength: 73 } },
      { password: { minLength: 12.5 } },
      { password: { minLength: null } },
      { session: { idleMinutes: 0 } },
      { session: { idleMinutes: '60' } },
      { signIn: { networks: ['10.0.0.0/33'] } },
      { signIn: { networks: ['0.0.0.0/0'] } },
      { signIn: { networks: ['::/0'] } },
      { signIn: { networks: ['1'] } },
      { signIn: { networks: ['127.0.0.1', '127.0.0.1'] } },
      { signIn: { emailDomains: ['@example.com'] } },
      { signIn: { emailDomains: ['localhost'] } },
      { limits: { users: -1 } },
      { limits: { seats: 5 } },
      { rate: { tier: 'gold' } },
      { mfa: { mandatory: true } },
      { __proto__: null, constructor: {} },
      [],
    ];
    for (const settings of wrong) {
      const answer = await admin.patch(urlOf(tenantId), { version, settings });
      expect([answer.status, answer.body.code], `${JSON.stringify(settings)} ${answer.text}`).toEqual([
        400,
        'request.invalid',
      ]);
    }
    for (const body of [{}, { version }, { settings: {} }, { version: 0, settings: {} }])
      expect((await admin.patch(urlOf(tenantId), body)).body.code).toBe('request.invalid');
    expect(await read(admin, tenantId)).toMatchObject({ version, settings: DEFAULT_SETTINGS });
  });

  it('take every zone that this runtime lists, and its old names', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    for (const timeZone of ['Europe/Kiev', 'America/Argentina/Ushuaia', 'Etc/GMT+5', 'UTC'])
      expect((await change(admin, tenantId, { timeZone })).status, timeZone).toBe(200);
  });

  it('leave the terms of the platform to the platform: neither a tenant nor its partner lifts them', async () => {
    const partnerId = await addTenant(gatehouse, { type: 'partner' });
    const partner = await addCaller(gatehouse, partnerId, 'admin');
    const customerId = await addTenant(gatehouse, { parent: partnerId });
    const customer = await addCaller(gatehouse, customerId, 'admin');
    const rootAdmin = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    for (const [who, tenantId] of [
      [customer, customerId],
      [partner, customerId],
      [partner, partnerId],
      [rootAdmin, ROOT_TENANT],
    ] as const) {
      for (const terms of [
        { limits: { users: 1000 } },
        { features: { billing: false } },
        { rate: { perMinute: 5 } },
      ]) {
        const answer = await change(who, tenantId, terms);
        expect([answer.status, answer.body.missingPermission], answer.text).toEqual([403, 'tenants:update']);
      }
    }
    // What is theirs, they set: the partner for its customer as well, on record in both.
    expect((await change(partner, customerId, { currency: 'USD' })).status).toBe(200);
    expect(await records(customerId)).toHaveLength(1);
    expect(await records(partnerId)).toHaveLength(1);
    expect((await change(platform, customerId, { limits: { users: 3 } })).status).toBe(200);
    expect((await read(customer, customerId)).settings.limits.users).toBe(3);
    expect(TERMS.toSorted()).toEqual(['features', 'limits', 'rate']);
  });

  it('do not take terms back that have just been made tighter, whatever a process still remembers [threat 78]', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const { version, settings } = await read(admin, tenantId);
    await admin.get('/auth/me');
    // As another process changes them, in the quarter of a second before the log tells of it here.
    await gatehouse.sql(
      `update gatehouse.tenants set settings = '{"limits":{"users":3}}', settings_version = settings_version + 1 where id = $1`,
      [tenantId],
    );
    expect((await gatehouse.server.deps.tenantRules.get(tenantId)).limits.users).toBeNull();
    const answer = await admin.patch(urlOf(tenantId), {
      version: version + 1,
      settings: { limits: settings.limits, currency: 'USD' },
    });
    expect([answer.status, answer.body.missingPermission], answer.text).toEqual([403, 'tenants:update']);
    const now = await read(admin, tenantId);
    expect([now.version, now.settings.limits.users, now.settings.currency]).toEqual([version + 1, 3, 'EUR']);
    expect(await records(tenantId)).toEqual([]);
    const denied = await gatehouse.sql(
      `select from gatehouse.audit_records where tenant_id = $1 and action = 'authorization_denied' and actor_id = $2`,
      [tenantId, admin.userId],
    );
    expect(denied).toHaveLength(1);
    const asItIs = { version: version + 1, settings: now.settings };
    expect((await admin.patch(urlOf(tenantId), asItIs)).status).toBe(200);
  });

  it('are read with settings:read, and are not there for other tenants', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const viewer = await addCaller(gatehouse, tenantId, 'admin_viewer');
    expect((await viewer.get(urlOf(tenantId))).status).toBe(200);
    expect((await viewer.patch(urlOf(tenantId), { version: 1, settings: {} })).body).toMatchObject({
      missingPermission: 'settings:update',
    });
    const nobody = await addCaller(gatehouse, tenantId);
    expect((await nobody.get(urlOf(tenantId))).status).toBe(403);
    const stranger = await tenantWithAdmin();
    expect((await stranger.admin.get(urlOf(tenantId))).status).toBe(404);
    expect((await change(admin, tenantId, { locale: 'fr' })).status).toBe(200);
  });

  it('are told to every member by me: region, limits and features', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const nobody = await addCaller(gatehouse, tenantId);
    await change(admin, tenantId, { timeZone: 'Asia/Tokyo', locale: 'ja' });
    await change(platform, tenantId, { limits: { cloudInstances: 4 } });
    expect((await nobody.get('/auth/me')).body.tenant).toMatchObject({
      id: tenantId,
      locale: 'ja',
      timeZone: 'Asia/Tokyo',
      currency: 'EUR',
      dateFormat: 'YYYY-MM-DD',
      limits: { users: null, cloudInstances: 4 },
      features: { billing: true, support: true, provisioning: true },
    });
  });
});

describe('a feature that a tenant does not have', () => {
  it('takes its permissions from everybody there at the next request, and gives them back', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const finance = await addCaller(gatehouse, tenantId, 'FINANCE_MANAGER');
    const held = async (who: Caller) => (await who.get('/auth/me')).body.permissions as string[];
    const before = await held(admin);
    expect(before).toContain('invoices:issue');
    await change(platform, tenantId, { features: { billing: false, provisioning: false } });
    const without = await held(admin);
    expect(before.filter((name) => !without.includes(name)).map((name) => name.split(':')[0])).toEqual(
      expect.arrayContaining(['billing', 'invoices', 'payments', 'usage', 'instances']),
    );
    expect(without).toContain('tickets:read');
    expect(without).toContain('reports:read');
    expect((await held(finance)).filter((name) => /^(billing|invoices|payments|usage):/.test(name))).toEqual(
      [],
    );
    await change(platform, tenantId, { features: { billing: true, provisioning: true } });
    expect(await held(admin)).toEqual(before);
    for (const name of without)
      expect(Object.values(PERMISSION_GROUPS).some((g) => name in g.permissions)).toBe(true);
  });
});

describe('what processes remember of settings', () => {
  it('is asked of the database once for all requests, and again when it has changed', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const { tenantRules } = gatehouse.server.deps;
    await admin.get('/auth/me');
    const before = tenantRules.asked;
    for (let request = 1; request <= 20; request += 1) await admin.get('/auth/me');
    const person = await addPerson(gatehouse, tenantId, []);
    expect(person.token).toBeDefined();
    expect(tenantRules.asked - before).toBe(0);
    await change(admin, tenantId, { currency: 'USD' });
    expect((await admin.get('/auth/me')).body.tenant).toMatchObject({ currency: 'USD' });
    expect(tenantRules.asked - before).toBe(1);
  });

  it('holds on another process as well with its next look at the log, four times a second', async () => {
    const name = gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
    const other = await startServer({ database: name, clock: gatehouse.clock });
    try {
      other.server.startJobs();
      const { tenantId, admin } = await tenantWithAdmin();
      const currencyThere = async () => (await other.server.deps.tenantRules.get(tenantId)).currency;
      expect(await currencyThere()).toBe('EUR');
      await change(admin, tenantId, { currency: 'USD' });
      await untilHeard(other);
      expect(await currencyThere()).toBe('USD');
    } finally {
      await other.close();
    }
  });

  it('is told to no follower of the revocation log: a setting ends nothing', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    await change(admin, tenantId, { currency: 'USD' });
    for (const who of [admin, platform])
      for (const item of (await who.get('/revocations')).body.items as { kind: string }[])
        expect(['session', 'user', 'membership', 'tenant', 'client']).toContain(item.kind);
    const logged = await gatehouse.sql(
      `select from gatehouse.revocations where tenant_id = $1 and kind = 'settings'`,
      [tenantId],
    );
    expect(logged).toHaveLength(1);
  });
});

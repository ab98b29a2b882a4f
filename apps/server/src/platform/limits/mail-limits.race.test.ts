import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, TestBrowser } from '../../../test/browser.fixture.ts';
import { addMailPerson } from '../../../test/mail-sign-in.fixture.ts';
import { addCaller, addTenant, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { ROOT_TENANT } from '../ids.ts';

/** Nobody fills somebody else's mailbox by pressing buttons of this service. */
describe('mail that others can cause', () => {
  let gatehouse: TestServer;
  let admin: Caller;
  let auditor: Caller;
  beforeAll(async () => {
    gatehouse = await startServer({
      env: { RATE_LIMIT_MAIL_ADDRESS_PER_HOUR: '5', RATE_LIMIT_MAIL_TENANT_PER_HOUR: '12' },
    });
  });
  beforeEach(async () => {
    admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    auditor = await addCaller(gatehouse, ROOT_TENANT, 'admin');
    await letAnHourPass();
  });
  afterAll(() => gatehouse.close());

  const register = (email: string, ip = '203.0.113.1') =>
    gatehouse
      .browser({ ip })
      .post('/api/v1/auth/register', { email, password: 'Good-Pass-1', name: 'A', tenantName: 'B' });
  const mailsTo = async (address: string) =>
    (await gatehouse.deliverMail()).filter(({ to }) => to.toLowerCase() === address);
  /** The store goes by the machine's clock. */
  const letAnHourPass = () => gatehouse.sql('update gatehouse.rate_limits set expire = 0');

  it('reaches an address five times by registration, with the same answer every time, and on record', async () => {
    const spelled = ['a@example.com', 'A@example.com', 'a@EXAMPLE.com'];
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => register(spelled[i % 3] ?? '')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBeLessThan(300);
    expect(await mailsTo('a@example.com')).toHaveLength(5);
    const records = itemsOf(await auditor.get('/audit?action=registration_requested&limit=50')) as {
      after: { mailed: boolean };
    }[];
    expect(records.filter(({ after }) => after.mailed)).toHaveLength(5);
    expect(records).toHaveLength(12);

    await register('b@example.com');
    expect(await mailsTo('b@example.com')).toHaveLength(1);
    await letAnHourPass();
    await register('a@example.com');
    expect(await mailsTo('a@example.com')).toHaveLength(6);
  });

  it('is counted for an address that has an account like for one that has none', async () => {
    for (let i = 1; i <= 8; i += 1)
      expect((await register(admin.email)).text).toBe((await register('c@example.com')).text);
    expect(await mailsTo(admin.email)).toHaveLength(5);
    expect(await mailsTo('c@example.com')).toHaveLength(5);
  });

  it('tells of a locked account five times an hour, however often it is locked', async () => {
    const login = () =>
      gatehouse.browser().post('/api/v1/auth/login', { email: auditor.email, password: 'Wrong-Pass-1' });
    for (let lock = 1; lock <= 7; lock += 1) {
      for (let attempt = 1; attempt <= 5; attempt += 1) await login();
      expect((await login()).status).toBe(423);
      gatehouse.clock.advance({ minutes: 31 });
    }
    expect(await mailsTo(auditor.email)).toHaveLength(5);
  });

  it('refuses an administrator who sends links to one address again and again, by adding and deleting too', async () => {
    const add = (email = 'd@example.com') => admin.post('/users', { email, name: 'D' });
    for (let i = 1; i <= 2; i += 1) {
      const { id } = (await add()).body;
      expect((await admin.post(`/users/${String(id)}/resend-link`)).status).toBe(200);
      expect((await admin.delete(`/users/${String(id)}`)).status).toBe(204);
    }
    const { id } = (await add()).body;
    for (const refused of [
      await admin.post(`/users/${String(id)}/resend-link`),
      await add('D@example.com'),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([429, 'rate.limited']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3500);
      expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3600);
    }
    expect(await mailsTo('d@example.com')).toHaveLength(5);
    expect((await add('e@example.com')).status).toBe(201);
  });

  it('does not let strangers use up what administrators need to reach an address', async () => {
    for (let i = 1; i <= 6; i += 1) await register('f@example.com');
    expect((await admin.post('/users', { email: 'f@example.com', name: 'F' })).status).toBe(201);
    expect(await mailsTo('f@example.com')).toHaveLength(6);
  });

  it('does not let one stranger use up what the owner of an address needs to register', async () => {
    for (let i = 1; i <= 12; i += 1) await register('h@example.com', `203.0.113.${i}`);
    expect(await mailsTo('h@example.com')).toHaveLength(5);
    await register('h@example.com', '198.51.100.7');
    expect(await mailsTo('h@example.com')).toHaveLength(6);
    for (let i = 1; i <= 8; i += 1) await register('h@example.com', `2001:db8:7:${i}::1`);
    expect(await mailsTo('h@example.com')).toHaveLength(11);
  });

  it('reaches an address twenty times a day by registration, from however many networks', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => register('j@example.com', `198.51.${i}.1`)));
    expect(await mailsTo('j@example.com')).toHaveLength(20);
  });

  it('is counted when it is sent, and not for what was refused', async () => {
    const add = () => admin.post('/users', { email: 'k@example.com', name: 'K' });
    const { id } = (await add()).body;
    const refused = await Promise.all(Array.from({ length: 15 }, add));
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(
      new Set(['users.email_in_use', 'rate.limited']),
    );
    expect((await add()).body.code).toBe('users.email_in_use');
    const resend = async () => (await admin.post(`/users/${String(id)}/resend-link`)).status;
    for (let i = 1; i <= 4; i += 1) expect(await resend()).toBe(200);
    expect(await resend()).toBe(429);
    expect(await mailsTo('k@example.com')).toHaveLength(5);
  });

  it('to one address goes out for every tenant, up to a limit for all of them', async () => {
    const send = async () => {
      const by = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
      const { status, body } = await by.post('/users', { email: 'l@example.com', name: 'L' });
      for (let i = 1; i <= 6; i += 1) await by.post(`/users/${String(body.id)}/resend-link`);
      return status;
    };
    for (let i = 1; i <= 4; i += 1) expect(await send()).toBe(201);
    expect(await mailsTo('l@example.com')).toHaveLength(20);
    expect(await send()).toBe(429);
    expect((await admin.post('/users', { email: 'm@example.com', name: 'M' })).status).toBe(201);
  });

  it('goes out for the administrators of one tenant up to a limit, wherever they act', async () => {
    const partner = await addTenant(gatehouse, { type: 'partner' });
    const customer = await addTenant(gatehouse, { parent: partner });
    const boss = await addCaller(gatehouse, partner, 'admin');
    const owner = await addCaller(gatehouse, customer, 'admin');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        boss.post(i % 2 ? '/users' : `/tenants/${customer}/users`, { email: `g${i}@example.com`, name: 'G' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(12);
    expect(answers.filter(({ body }) => body.code === 'rate.limited')).toHaveLength(8);
    expect((await owner.post('/users', { email: 'own@example.com', name: 'Own' })).status).toBe(201);
    const added = await gatehouse.sql("select from gatehouse.users where email like 'g%@example.com'");
    expect(added).toHaveLength(12);
  });

  describe('of a way in, to which the owner of an address has a right as well', () => {
    const ASKS = {
      'sign-in': ['/api/v1/auth/mail-sign-in', { method: 'link' }, 20],
      'reset-password': ['/api/v1/auth/password/forgot', {}, 5],
    } as const;
    const askFor = (kind: keyof typeof ASKS, email: string, by: TestBrowser) => {
      const [path, more] = ASKS[kind];
      return by.post(path, { email, ...more });
    };
    const from = (network: number) => gatehouse.browser({ ip: `198.51.${network}.9` });
    const letAWindowPass = () =>
      gatehouse.sql("update gatehouse.rate_limits set expire = 0 where key not like 'mail a day to:%'");
    /** Asks as often as anybody may who comes from these networks, window after window. */
    const flood = async (kind: keyof typeof ASKS, email: string, networks: readonly number[]) => {
      for (const network of networks)
        for (let n = 1; n <= 5; n += 1) expect((await askFor(kind, email, from(network))).status).toBe(202);
    };

    it.each(['sign-in', 'reset-password'] as const)(
      'is left for a browser that the owner has used before, whatever strangers use up: %s [threat 53]',
      async (kind) => {
        const owner = await addMailPerson(gatehouse);
        const known = await signedIn(gatehouse, owner);
        await flood(kind, owner.email, [1, 2, 3, 4, 5]);
        const before = (await mailsTo(owner.email)).length;
        expect(before).toBe(ASKS[kind][2]);
        const forged = from(7);
        forged.cookies.set('__Host-gh.device', `${'A'.repeat(22)}.${'B'.repeat(22)}`);
        // Known for another account.
        const others = await signedIn(gatehouse, await addMailPerson(gatehouse));
        for (const by of [forged, others]) await askFor(kind, owner.email, by);
        expect(await mailsTo(owner.email)).toHaveLength(before);
        // The same answer, and as many as anybody has.
        const answers = [];
        for (let n = 1; n <= 7; n += 1) answers.push(await askFor(kind, owner.email, known));
        expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['202 {}']));
        expect(await mailsTo(owner.email)).toHaveLength(before + 5);
      },
    );

    it.each(['sign-in', 'reset-password'] as const)(
      'reaches an address sixty times a day, fifteen times by one network: %s',
      async (kind) => {
        const { email } = await addMailPerson(gatehouse);
        const count = async () => (await mailsTo(email)).length;
        for (let window = 1; window <= 4; window += 1) {
          await flood(kind, email, [11]);
          await letAWindowPass();
        }
        expect(await count()).toBe(15);
        for (const network of [12, 13, 14, 15])
          for (let window = 1; window <= 3; window += 1) {
            await flood(kind, email, [network]);
            await letAWindowPass();
          }
        expect(await count()).toBe(60);
      },
    );

    it('is sixty a day for all browsers together that are known for an account', async () => {
      const owner = await addMailPerson(gatehouse);
      const browsers: TestBrowser[] = [];
      for (let n = 1; n <= 5; n += 1) browsers.push(await signedIn(gatehouse, owner));
      for (let window = 1; window <= 4; window += 1) {
        for (const browser of browsers)
          for (let n = 1; n <= 5; n += 1) await askFor('sign-in', owner.email, browser);
        await letAWindowPass();
      }
      expect(await mailsTo(owner.email)).toHaveLength(60);
      // They are no stranger's.
      await askFor('sign-in', owner.email, from(21));
      expect(await mailsTo(owner.email)).toHaveLength(61);
    });

    it('is fifteen a day of what somebody has sent who is signed in, and says until when', async () => {
      const { id } = (await admin.post('/users', { email: 'n@example.com', name: 'N' })).body;
      await admin.delete(`/users/${String(id)}`);
      const person = await addMailPerson(gatehouse);
      await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [
        person.userId,
      ]);
      const browser = await signedIn(gatehouse, person);
      const added = (await admin.post('/users', { email: 'n@example.com', name: 'N' })).body.id;
      let refused = {} as { resend: Answer; verify: Answer };
      for (let time = 1; time <= 18; time += 1) {
        if (time % 4 === 0) await letAWindowPass();
        refused = {
          resend: await admin.post(`/users/${String(added)}/resend-link`),
          verify: await browser.post('/api/v1/auth/email/send-verification'),
        };
      }
      for (const answer of Object.values(refused)) {
        expect([answer.status, answer.body.code]).toEqual([429, 'rate.limited']);
        expect(answer.body.detail).toContain('15 mails of this kind a day');
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(86_000);
      }
      expect(await mailsTo('n@example.com')).toHaveLength(15);
      expect(await mailsTo(person.email)).toHaveLength(15);
    });
  });

  it('is counted without an address in the store', async () => {
    const keys = await gatehouse.sql<{ key: string }>('select key from gatehouse.rate_limits');
    expect(keys.length).toBeGreaterThan(5);
    for (const { key } of keys) expect(key).not.toContain('@');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimDomain } from '../../../test/domains.fixture.ts';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import { ADMIN, startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const REGISTER = '/api/v1/auth/register';
const CONFIRM = '/api/v1/auth/register/confirm';
const of = (email: string) => ({ email, password: 'Good-Pass-1', name: 'Grace', tenantName: 'Grace & Sons' });

describe('registration', () => {
  it('mails a link; link and password together open a tenant with its administrator, signed in', async () => {
    const browser = gatehouse.browser();
    const asked = await browser.post(REGISTER, of('grace@example.com'));
    expect([asked.status, asked.text]).toEqual([202, '{}']);
    const mail = (await gatehouse.deliverMail()).at(-1);
    expect(mail?.to).toBe('grace@example.com');
    expect(mail?.text).toContain(`${gatehouse.config.publicUrl}/register/confirm#token=`);
    const confirmed = await browser.post(CONFIRM, { token: tokenIn(mail), password: 'Good-Pass-1' });
    expect(confirmed.status).toBe(200);
    const me = (await browser.get('/api/v1/auth/me')).body;
    expect(me).toMatchObject({
      roles: ['admin'],
      tenant: { name: 'Grace & Sons', type: 'customer' },
      user: { email: 'grace@example.com', status: 'active' },
    });
    expect(
      (
        await gatehouse
          .browser()
          .post('/api/v1/auth/login', { email: 'grace@example.com', password: 'Good-Pass-1' })
      ).status,
    ).toBe(200);
    expect((await browser.post(CONFIRM, { token: tokenIn(mail), password: 'Good-Pass-1' })).body.code).toBe(
      'auth.link_invalid',
    );
  });

  it('is not confirmed once a tenant that takes single sign-on only has proved the domain [threat 52]', async () => {
    await gatehouse.browser().post(REGISTER, of('ada@claimed.example'));
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    await claimDomain(gatehouse, 'claimed.example');
    const browser = gatehouse.browser();
    const answer = await browser.post(CONFIRM, { token, password: 'Good-Pass-1' });
    expect([answer.status, answer.body.code]).toEqual([403, 'auth.sso_required']);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
  });

  it('mails nothing that whoever registers has written, so that nobody sends messages by it', async () => {
    const [name, tenantName] = ['Claim at https://evil.example', 'You have won'];
    await gatehouse.browser().post(REGISTER, { ...of('target@example.com'), name, tenantName });
    const mail = (await gatehouse.deliverMail()).at(-1);
    expect(mail?.to).toBe('target@example.com');
    for (const words of ['evil.example', tenantName]) expect(JSON.stringify(mail)).not.toContain(words);
  });

  it('answers an address that has an account the same, and tells only its mailbox', async () => {
    const fresh = await gatehouse.browser().post(REGISTER, of('unknown@example.com'));
    const taken = await gatehouse.browser().post(REGISTER, of(ADMIN.email));
    expect([taken.status, taken.text]).toEqual([fresh.status, fresh.text]);
    const mail = (await gatehouse.deliverMail()).at(-1);
    expect(mail?.to).toBe(ADMIN.email);
    expect(mail?.text).not.toContain('token=');
  });

  it('leaves nothing behind for the owner of an address that a stranger registered [threat 23]', async () => {
    await gatehouse.browser().post(REGISTER, of('victim@example.com'));
    const login = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { email: 'victim@example.com', password: 'Good-Pass-1' });
    expect(login.status).toBe(401);
    const mail = (await gatehouse.deliverMail()).at(-1);
    const guessed = await gatehouse
      .browser()
      .post(CONFIRM, { token: tokenIn(mail), password: 'What-I-Would-Choose-1' });
    expect(guessed.status).toBe(401);
    expect(await gatehouse.sql(`select from gatehouse.users where email_key = 'victim@example.com'`)).toEqual(
      [],
    );
  });

  it('is open to the owner of an address that strangers have added to their tenants [threat 23]', async () => {
    const email = 'wanted@example.com';
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const added = await stranger.post('/users', { email, name: 'Captured' });
    expect(added.status).toBe(201);
    const invitation = tokenIn((await gatehouse.deliverMail()).at(-1));
    await gatehouse.browser().post(REGISTER, of(email));
    const mail = (await gatehouse.deliverMail()).at(-1);
    expect(mail?.subject).toBe('Confirm your registration with Gatehouse');
    const browser = gatehouse.browser();
    expect((await browser.post(CONFIRM, { token: tokenIn(mail), password: 'Good-Pass-1' })).status).toBe(200);
    const { user } = (await browser.get('/api/v1/auth/me')).body as { user: { tenantId: string } };
    expect(user.tenantId).not.toBe(stranger.tenantId);
    // Nor is it taken from the owner afterwards.
    const redeemed = await gatehouse
      .browser()
      .post('/api/v1/auth/password/set', { token: invitation, password: 'Other-Pass-1' });
    expect([redeemed.status, redeemed.body.code]).toEqual([409, 'users.email_in_use']);
    const login = await gatehouse.browser().post('/api/v1/auth/login', { email, password: 'Good-Pass-1' });
    expect(login.body.user).toMatchObject({ tenantId: user.tenantId });
  });

  it('keeps the link good after a wrong password, and for twenty-four hours only', async () => {
    await gatehouse.browser().post(REGISTER, of('slip@example.com'));
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    expect((await gatehouse.browser().post(CONFIRM, { token, password: 'A-Slip-1' })).status).toBe(401);
    gatehouse.clock.advance({ hours: 24, seconds: 1 });
    expect((await gatehouse.browser().post(CONFIRM, { token, password: 'Good-Pass-1' })).body.code).toBe(
      'auth.link_invalid',
    );
  });

  it('redeemed fifty times at once opens one tenant', async () => {
    await gatehouse.browser().post(REGISTER, of('many@example.com'));
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gatehouse.browser().post(CONFIRM, { token, password: 'Good-Pass-1' })),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.body.code === 'auth.link_invalid')).toHaveLength(49);
    expect(
      await gatehouse.sql(`select from gatehouse.users where email_key = 'many@example.com'`),
    ).toHaveLength(1);
  });

  it('opens no session by a client of another tenant', async () => {
    const acme = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const client = { clientId: 'acme-app', name: 'Acme app', kind: 'native' };
    expect((await acme.post('/clients', client)).status).toBe(201);
    await gatehouse.browser().post(REGISTER, of('elsewhere@example.com'));
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    const confirm = (by: object) =>
      gatehouse.browser().post(CONFIRM, { token, password: 'Good-Pass-1', ...by });
    expect((await confirm({ client: 'acme-app' })).body.code).toBe('auth.client_not_allowed');
    expect((await confirm({})).status).toBe(200);
  });

  it('keeps no connection of the database while it compares a password', async () => {
    await gatehouse.browser().post(REGISTER, of('holder@example.com'));
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    const admin = await gatehouse.admin();
    const { passwords } = gatehouse.server.deps;
    const compare = passwords.verify;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    passwords.verify = async (...given) => held.then(() => compare(...given));
    try {
      const tries = Array.from({ length: 2 * gatehouse.config.databasePoolSize }, () =>
        gatehouse.browser().post(CONFIRM, { token, password: 'Wrong-Pass-1' }),
      );
      expect((await admin.get('/api/v1/auth/me')).status).toBe(200);
      letGo();
      expect(new Set((await Promise.all(tries)).map((answer) => answer.status))).toEqual(new Set([401]));
    } finally {
      passwords.verify = compare;
    }
  });

  it('is refused at the API where it is closed, and in a deployment of single sign-on [threat 52]', async () => {
    for (const [env, code] of [
      [{ REGISTRATION: 'closed' }, 'auth.registration_closed'],
      [{ AUTH_POLICY: 'restricted' }, 'auth.sso_required'],
    ] as const) {
      const closed = await startServer({ env });
      try {
        for (const [url, body] of [
          [REGISTER, of('x@example.com')],
          [CONFIRM, { token: 'A'.repeat(22) + '.' + 'B'.repeat(43), password: 'Good-Pass-1' }],
        ] as const) {
          const answer = await closed.browser().post(url, body);
          expect([answer.status, answer.body.code]).toEqual([403, code]);
        }
        const others = ['/api/v1/auth/login', '/api/v1/auth/check-method'];
        for (const url of others) {
          const answer = await closed
            .browser()
            .post(url, url.endsWith('login') ? ADMIN : { email: ADMIN.email });
          expect(answer.status).toBe(code === 'auth.sso_required' ? 403 : 200);
        }
      } finally {
        await closed.close();
      }
    }
  });
});

describe('a new password', () => {
  it.each([
    ['short', 'Ab1defg', 'password.too_weak'],
    ['without upper case', 'lower-case-1', 'password.too_weak'],
    ['without lower case', 'UPPER-CASE-1', 'password.too_weak'],
    ['without a digit', 'No-Digits-Here', 'password.too_weak'],
    ['with a NUL character [threat 48]', 'Good-Pass-1\0tail', 'password.too_weak'],
    ['of 73 bytes [threat 46]', `Aa1${'x'.repeat(70)}`, 'password.too_long'],
    ['of 73 bytes in 38 characters [threat 47]', `Aa1${'é'.repeat(35)}`, 'password.too_long'],
  ])('%s is refused with its own code', async (_name, password, code) => {
    const answer = await gatehouse.browser().post(REGISTER, { ...of('pw@example.com'), password });
    expect([answer.status, answer.body.code]).toEqual([400, code]);
  });

  it('of 72 bytes is taken whole: nothing longer and nothing shorter signs in [threat 46]', async () => {
    const password = `Aa1${'x'.repeat(69)}`;
    await gatehouse.browser().post(REGISTER, { ...of('long@example.com'), password });
    const token = tokenIn((await gatehouse.deliverMail()).at(-1));
    expect((await gatehouse.browser().post(CONFIRM, { token, password: `${password}y` })).status).toBe(401);
    expect((await gatehouse.browser().post(CONFIRM, { token, password })).status).toBe(200);
    const login = (tried: string) =>
      gatehouse.browser().post('/api/v1/auth/login', { email: 'long@example.com', password: tried });
    expect((await login(`${password}y`)).status).toBe(401);
    expect((await login(password.slice(0, 71))).status).toBe(401);
    expect((await login(`${password}\0y`)).status).toBe(401);
    expect((await login(password)).status).toBe(200);
  });
});

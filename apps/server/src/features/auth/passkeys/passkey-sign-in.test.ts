import type { PasskeyRequestOptions } from '@gatehouse/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import { startCounting } from '../../../../test/cost.fixture.ts';
import {
  addPasskey,
  askedBy,
  enterBy,
  PASSKEY_LOGIN,
  PASSKEY_OPTIONS,
  type SoftwarePasskey,
  softwarePasskey,
  type Twist,
} from '../../../../test/passkeys.fixture.ts';
import { addCaller, addTenant } from '../../../../test/people.fixture.ts';
import { addOwner, LOGIN, mailedTo } from '../../../../test/recovery.fixture.ts';
import { type Account, FACTORS, ME, openAccount, setPolicy } from '../../../../test/second-factor.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { PASSWORD } from '../../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
let account: Account;
let browser: TestBrowser;
let passkey: SoftwarePasskey;
const origin = () => gatehouse.config.publicUrl;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  account = await openAccount(gatehouse);
  ({ browser } = account);
  passkey = softwarePasskey(origin());
});

/** Signs in with the password and adds the passkey, a while ago. */
async function enrolled(of = passkey): Promise<void> {
  await account.signIn();
  const added = await addPasskey(browser, of, { label: 'Laptop' });
  expect(added.status, added.text).toBe(200);
  gatehouse.clock.advance({ minutes: 1 });
}
const codeOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => body.code ?? status;
const flipped = (bytes: Buffer) => {
  const changed = Buffer.from(bytes);
  changed[changed.length - 1]! ^= 1;
  return changed;
};

describe('a passkey alone', () => {
  it('signs in without an address, and counts as two factors', async () => {
    await account.signIn();
    const begun = await browser.post(`${FACTORS}/passkey`);
    expect(begun.body).toMatchObject({
      rp: { id: 'localhost', name: 'Gatehouse' },
      user: { name: account.owner.email },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: [],
    });
    const handle = Buffer.from((begun.body.user as { id: string }).id, 'base64url');
    expect(handle).toHaveLength(32);
    for (const said of [handle.toString('utf8'), handle.toString('hex')])
      expect(said).not.toContain(account.owner.userId.replaceAll('-', ''));
    const added = await addPasskey(browser, passkey, { label: 'Laptop' });
    expect(added.body.backup_codes).toHaveLength(10);
    expect((await browser.get(ME)).body.session).toMatchObject({ amr: ['pwd', 'pop', 'mfa'], acr: '2' });
    expect((await mailedTo(gatehouse, account.owner.email)).at(-1)?.text).toContain('a passkey was added');

    const visitor = gatehouse.browser();
    const options = await visitor.post(PASSKEY_OPTIONS);
    expect(options.body).toEqual({
      challenge: expect.stringMatching(/^[\w-]{40,}$/) as string,
      timeout: 300_000,
      rpId: 'localhost',
      allowCredentials: [],
      userVerification: 'required',
    });
    const [cookie] = options.cookies;
    expect(cookie).toMatchObject({ name: '__Host-gh.passkey', httpOnly: true, secure: true, path: '/' });
    const answer = passkey.answer(options.body as unknown as PasskeyRequestOptions);
    const entered = await visitor.post(PASSKEY_LOGIN, { passkey: answer });
    expect(entered.status, entered.text).toBe(200);
    expect(entered.body).toEqual({ user: expect.objectContaining({ id: account.owner.userId }) as object });
    expect((await visitor.get(ME)).body.session).toMatchObject({ amr: ['pop', 'mfa'], acr: '2' });
    // What asks for a recent second factor has it.
    expect((await visitor.post(`${FACTORS}/backup-codes`)).status).toBe(200);
    expect((await account.records('passkey_used'))[0]).toMatchObject({ after: { at: 'sign-in' } });
    expect((await account.records('login'))[0]).toMatchObject({ after: { amr: ['pop', 'mfa'] } });
    const { factors } = (await visitor.get(FACTORS)).body as { factors: object[] };
    expect(factors).toMatchObject([
      { kind: 'passkey', label: 'Laptop', lastUsedAt: gatehouse.clock.now().toISOString() },
    ]);
  });

  it.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'of %s comes in, and where its tenant demands a factor',
    async (algorithm) => {
      const one = softwarePasskey(origin(), { algorithm, counts: false });
      await enrolled(one);
      expect((await setPolicy(browser, { policy: 'mandatory' })).status).toBe(200);
      for (const _time of [1, 2])
        expect((await enterBy(gatehouse.browser(), one)).body).toHaveProperty('user');
    },
  );

  it('is refused alike for whatever is wrong with it, and for a passkey that nobody has [threat 51]', async () => {
    await enrolled();
    const stranger = await addOwner(gatehouse);
    const theirs = gatehouse.browser();
    await theirs.post(LOGIN, { email: stranger.email, password: PASSWORD });
    const other = softwarePasskey(origin());
    await addPasskey(theirs, other);
    const otherHandle = other.answer(await askedBy(theirs, '/api/v1/auth/step-up/passkey')).response
      .userHandle;
    const twists: Record<string, Twist> = {
      'another origin': { clientData: { origin: 'https://evil.example' } },
      'an origin that only looks like it': { clientData: { origin: `${origin()}.evil.example` } },
      'another site': { rpId: 'evil.example' },
      'a registration': { clientData: { type: 'webauthn.create' } },
      'a frame': { clientData: { crossOrigin: true } },
      'a frame that is named': { clientData: { topOrigin: 'https://evil.example' } },
      'nobody verified': { flags: 0x01 },
      'nobody there': { flags: 0x04 },
      'a changed signature': { signature: flipped },
      'no signature': { signature: () => Buffer.alloc(1) },
      'another user': { userHandle: otherHandle },
      'no user': { userHandle: undefined },
    };
    const unknown = await enterBy(gatehouse.browser(), softwarePasskey(origin()), {
      userHandle: otherHandle,
    });
    expect([unknown.status, unknown.body.code]).toEqual([401, 'auth.passkey_failed']);
    for (const [what, twist] of Object.entries(twists)) {
      const visitor = gatehouse.browser();
      const refused = await enterBy(visitor, passkey, twist);
      expect({ ...refused.body, correlationId: '' }, what).toEqual({ ...unknown.body, correlationId: '' });
      expect(visitor.cookies.has('__Host-gh.console.at'), what).toBe(false);
    }
    expect((await enterBy(gatehouse.browser(), passkey)).status).toBe(200);
    // By the name of another's passkey: what is signed by one is not the other's.
    const options = await askedBy(browser, PASSKEY_OPTIONS);
    const stolen = { ...passkey.answer(options), id: other.id, rawId: other.id };
    expect(codeOf(await browser.post(PASSKEY_LOGIN, { passkey: stolen }))).toBe('auth.passkey_failed');
    expect((await account.records('failed_login'))[0]).toMatchObject({ after: { by: 'passkey' } });
  });

  it('costs the same statements, whether anybody has it or not [threat 51]', async () => {
    await enrolled();
    const counting = startCounting(gatehouse);
    const cost = async (of: SoftwarePasskey) => {
      const visitor = gatehouse.browser();
      const options = await askedBy(visitor, PASSKEY_OPTIONS);
      const answer = of.answer(options, { userHandle: 'AA', signature: flipped });
      return counting.cost(() => visitor.post(PASSKEY_LOGIN, { passkey: answer }));
    };
    const nobodys = softwarePasskey(origin());
    // Keys of the day and of the person are made and read at the first.
    for (const _time of [1, 2]) for (const of of [passkey, nobodys]) await cost(of);
    const [known, unknown] = [await cost(passkey), await cost(nobodys)];
    counting.end();
    expect(known).toEqual(unknown);
    expect(known.statements.length).toBeGreaterThan(4);
  });

  it('answers a challenge once, within five minutes, in the browser that asked, and no other kind of challenge [threat 57]', async () => {
    await enrolled();
    const visitor = gatehouse.browser();
    const answer = passkey.answer(await askedBy(visitor, PASSKEY_OPTIONS));
    const send = (by: TestBrowser, body: object = { passkey: answer }) => by.post(PASSKEY_LOGIN, body);
    for (const thief of [
      gatehouse.browser(),
      gatehouse.browser({ origin: undefined, userAgent: 'curl/8' }),
    ]) {
      await thief.post(PASSKEY_OPTIONS);
      expect(codeOf(await send(thief))).toBe('auth.sign_in_expired');
    }
    const evil = gatehouse.browser({ origin: 'https://evil.example' });
    for (const [name, value] of visitor.cookies) evil.cookies.set(name, value);
    expect(codeOf(await send(evil))).toBe('auth.origin_refused');
    expect(codeOf(await evil.post(PASSKEY_OPTIONS))).toBe('auth.origin_refused');
    const twin = visitor.clone();
    expect((await send(visitor)).status).toBe(200);
    expect(codeOf(await send(twin))).toBe('auth.sign_in_expired');
    // A wrong answer spends it as well.
    const other = gatehouse.browser();
    const options = await askedBy(other, PASSKEY_OPTIONS);
    expect(codeOf(await send(other, { passkey: passkey.answer(options, { flags: 1 }) }))).toBe(
      'auth.passkey_failed',
    );
    expect(codeOf(await send(other, { passkey: passkey.answer(options) }))).toBe('auth.sign_in_expired');
    const late = passkey.answer(await askedBy(other, PASSKEY_OPTIONS));
    gatehouse.clock.advance({ minutes: 5, seconds: 1 });
    expect(codeOf(await send(other, { passkey: late }))).toBe('auth.sign_in_expired');
    // What it was asked inside a session, or to complete another sign-in, signs nobody in; nor does what it made up.
    const waiting = gatehouse.browser();
    const session_token = await account.pendingToken(waiting);
    for (const asked of [
      await askedBy(browser, '/api/v1/auth/step-up/passkey'),
      await askedBy(waiting, '/api/v1/auth/mfa/passkey/options', { session_token }),
      { ...options, challenge: Buffer.from('made up').toString('base64url') },
      { ...options, challenge: '' },
    ])
      for (const by of [browser, waiting])
        expect(codeOf(await send(by, { passkey: passkey.answer(asked) }))).toBe('auth.sign_in_expired');
  });

  it('is refused for whoever may not come in: suspended, by the rules of the tenant, or by its connection alone [threat 44]', async () => {
    await enrolled();
    const enters = async () => codeOf(await enterBy(gatehouse.browser(), passkey));
    const set = (sql: string) => gatehouse.sql(sql, [account.tenantId]);
    for (const [table, column] of [
      ['users', 'tenant_id'],
      ['tenants', 'id'],
    ] as const) {
      await set(`update gatehouse.${table} set status = 'suspended' where ${column} = $1`);
      expect(await enters(), table).toBe('auth.passkey_failed');
      await set(`update gatehouse.${table} set status = 'active' where ${column} = $1`);
    }
    const path = `/api/v1/tenants/${account.tenantId}/settings`;
    const { body } = await browser.get(path);
    const rules = { signIn: { networks: ['203.0.113.0/24'] } };
    const inside = gatehouse.browser({ ip: '203.0.113.7' });
    await enterBy(inside, passkey);
    expect((await inside.patch(path, { version: body.version, settings: rules })).status).toBe(200);
    expect(await enters()).toBe('auth.sign_in_refused');
    expect((await enterBy(gatehouse.browser({ ip: '203.0.113.9' }), passkey)).status).toBe(200);
    // An account that only a connection of its tenant enters has no address to sign in by.
    await gatehouse.sql('delete from gatehouse.login_identifiers where user_id = $1', [account.owner.userId]);
    expect(codeOf(await enterBy(gatehouse.browser({ ip: '203.0.113.9' }), passkey))).toBe(
      'auth.passkey_failed',
    );
  });

  it('is no way around single sign-on of a tenant [threat 52]', async () => {
    await enrolled();
    const platform = await gatehouse.admin();
    const path = `/api/v1/tenants/${account.tenantId}/settings`;
    const { version } = (await platform.get(path)).body;
    const closed = await platform.patch(path, { version, settings: { signIn: { policy: 'restricted' } } });
    expect(closed.status, closed.text).toBe(200);
    expect(codeOf(await enterBy(gatehouse.browser(), passkey))).toBe('auth.sso_required');
  });

  it('comes in while strangers have locked its address, whose guesses do not touch it [threat 53]', async () => {
    await enrolled();
    const wrong = { email: account.owner.email, password: 'Wrong-Pass-1' };
    for (let attempt = 1; attempt <= 5; attempt += 1) await gatehouse.browser().post(LOGIN, wrong);
    expect((await gatehouse.browser().post(LOGIN, account.credentials)).status).toBe(423);
    expect((await enterBy(gatehouse.browser(), passkey)).status).toBe(200);
  });

  it('whose counter goes back is refused, and its owner is told', async () => {
    await enrolled();
    const copy = passkey.copy();
    for (const _time of [1, 2]) expect((await enterBy(gatehouse.browser(), passkey)).status).toBe(200);
    await gatehouse.deliverMail();
    const refused = await enterBy(gatehouse.browser(), copy);
    expect(codeOf(refused)).toBe('auth.passkey_failed');
    expect(await account.mails()).toContain('A passkey of your account with Gatehouse was refused');
    expect(await account.records('passkey_refused')).toHaveLength(1);
    expect((await enterBy(gatehouse.browser(), passkey, { counter: 0 })).status).toBe(401);
    expect((await enterBy(gatehouse.browser(), passkey)).status).toBe(200);
    // A wrong signature says nothing of copies.
    expect((await enterBy(gatehouse.browser(), copy, { signature: flipped })).status).toBe(401);
    expect(await account.records('passkey_refused')).toHaveLength(2);
  });

  it('takes nothing but what browsers answer', async () => {
    await enrolled();
    const options = await askedBy(browser, PASSKEY_OPTIONS);
    const answer = passkey.answer(options);
    for (const body of [
      {},
      { passkey: null },
      { passkey: [answer] },
      { passkey: { ...answer, id: '' } },
      { passkey: { ...answer, id: 'A'.repeat(2000) } },
      { passkey: { ...answer, id: `${answer.id}=` } },
      { passkey: { ...answer, type: 'password' } },
      { passkey: { ...answer, userId: account.owner.userId } },
      { passkey: { ...answer, response: { ...answer.response, signature: 'A'.repeat(5000) } } },
      { passkey: answer, userId: account.owner.userId },
    ])
      expect(codeOf(await browser.post(PASSKEY_LOGIN, body)), JSON.stringify(body)).toBe('request.invalid');
    for (const response of [
      { clientDataJSON: Buffer.from('null').toString('base64url') },
      { clientDataJSON: Buffer.from('[').toString('base64url') },
      { clientDataJSON: Buffer.from('{"challenge":{}}').toString('base64url') },
    ]) {
      const broken = { ...answer, response: { ...answer.response, ...response } };
      expect(codeOf(await browser.post(PASSKEY_LOGIN, { passkey: broken }))).toBe('auth.sign_in_expired');
    }
    expect((await browser.post(PASSKEY_LOGIN, { passkey: answer })).status).toBe(200);
  });
});

describe('passkeys', () => {
  it('are told of before anybody signs in, and not of any account', async () => {
    await enrolled();
    const visitor = gatehouse.browser();
    for (const email of [account.owner.email, 'nobody@example.com'])
      expect((await visitor.post('/api/v1/auth/check-method', { email })).body).toEqual({
        methods: ['passkey', 'password'],
        connection: null,
      });
    expect((await visitor.get('/api/v1/auth/options')).body).toMatchObject({ passkeys: true });
  });

  it('open nothing for a client of another tenant', async () => {
    await enrolled();
    const other = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
    const clientId = 'elsewhere-app';
    const made = await other.post('/clients', { clientId, name: 'Elsewhere', kind: 'native' });
    expect(made.status, made.text).toBe(201);
    const visitor = gatehouse.browser();
    const options = await askedBy(visitor, PASSKEY_OPTIONS, { client: clientId });
    const body = { passkey: passkey.answer(options), client: clientId };
    expect(codeOf(await visitor.post(PASSKEY_LOGIN, body))).toBe('auth.client_not_allowed');
  });
});

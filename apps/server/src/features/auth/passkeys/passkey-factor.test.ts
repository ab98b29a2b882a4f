import type { PasskeyCreationOptions } from '@gatehouse/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import {
  addPasskey,
  askedBy,
  enterBy,
  type SoftwarePasskey,
  softwarePasskey,
  type Twist,
} from '../../../../test/passkeys.fixture.ts';
import { addOwner, LOGIN } from '../../../../test/recovery.fixture.ts';
import {
  type Account,
  addAuthenticator,
  ENROL,
  FACTORS,
  ME,
  openAccount,
  setPolicy,
  STEP_UP,
  VERIFY,
} from '../../../../test/second-factor.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { PASSWORD } from '../../../../test/standing/people.fixture.ts';

const ASK = '/api/v1/auth/mfa/passkey/options';
const ASK_AGAIN = '/api/v1/auth/step-up/passkey';

const bytes = (length: number) => new Uint8Array(length).fill(0xab);
/** Keys that are none of their algorithm, or too weak or too long for it (COSE). */
const UNSOUND_KEYS = [
  [[3, -7]],
  [
    [1, 2],
    [3, -257],
  ],
  [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, bytes(32)],
    [-3, bytes(32)],
  ],
  [
    [1, 2],
    [3, -7],
    [-1, 3],
    [-2, bytes(66)],
    [-3, bytes(66)],
  ],
  [
    [1, 1],
    [3, -8],
    [-1, 6],
    [-2, bytes(31)],
  ],
  [
    [1, 3],
    [3, -257],
    [-1, bytes(64)],
    [-2, new Uint8Array([1, 0, 1])],
  ],
  [
    [1, 3],
    [3, -257],
    [-1, bytes(2048)],
    [-2, new Uint8Array([1, 0, 1])],
  ],
  [
    [1, 3],
    [3, -257],
    [-1, bytes(256)],
    [-2, bytes(256)],
  ],
].map((of) => new Map(of as [number, number | Uint8Array][]));

let gatehouse: TestServer;
let account: Account;
let browser: TestBrowser;
let passkey: SoftwarePasskey;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  account = await openAccount(gatehouse);
  ({ browser } = account);
  passkey = softwarePasskey(gatehouse.config.publicUrl);
});

async function enrolled(): Promise<void> {
  await account.signIn();
  const added = await addPasskey(browser, passkey, { label: 'Laptop' });
  expect(added.status, added.text).toBe(200);
  gatehouse.clock.advance({ minutes: 1 });
}
const codeOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => body.code ?? status;
/** Completes a sign-in that waits, by the passkey. */
async function verify(by: TestBrowser, session_token: string, twist: Twist = {}) {
  const options = await askedBy(by, ASK, { session_token });
  return by.post(VERIFY, { session_token, passkey: passkey.answer(options, twist) });
}
const idOf = async (by: TestBrowser, kind: string): Promise<string> => {
  const { factors } = (await by.get(FACTORS)).body as { factors: { id: string; kind: string }[] };
  return factors.find((factor) => factor.kind === kind)?.id ?? '';
};

describe('a passkey as second factor', () => {
  it('is asked for after the password, beside the other factors, and completes the sign-in [threat 38]', async () => {
    await enrolled();
    const visitor = gatehouse.browser();
    const { body } = await visitor.post(LOGIN, account.credentials);
    expect(body).toMatchObject({ mfa_required: true, factors: ['passkey', 'backup_code'] });
    const session_token = String(body.session_token);
    const options = await askedBy(visitor, ASK, { session_token });
    expect(options.allowCredentials).toEqual([
      { type: 'public-key', id: passkey.id, transports: ['internal', 'hybrid'] },
    ]);
    expect((await visitor.get(ME)).status).toBe(401);
    const done = await visitor.post(VERIFY, { session_token, passkey: passkey.answer(options) });
    expect(done.status, done.text).toBe(200);
    expect((await visitor.get(ME)).body.session).toMatchObject({ amr: ['pwd', 'pop', 'mfa'], acr: '2' });
    await addAuthenticator(gatehouse, visitor);
    const again = (await gatehouse.browser().post(LOGIN, account.credentials)).body;
    expect(again.factors).toEqual(['passkey', 'totp', 'backup_code']);
  });

  it('counts for the sign-in that asked, in its browser, and its challenge for nothing else [threat 57]', async () => {
    await enrolled();
    const [one, two] = [gatehouse.browser(), gatehouse.browser()];
    const [ofOne, ofTwo] = [await account.pendingToken(one), await account.pendingToken(two)];
    const asked = await askedBy(one, ASK, { session_token: ofOne });
    expect(codeOf(await two.post(ASK, { session_token: ofOne }))).toBe('auth.mfa_session_invalid');
    // An answer to another sign-in of the same account, to one by a passkey alone, to a step-up.
    for (const options of [
      asked,
      await askedBy(two, '/api/v1/auth/passkey/options'),
      await askedBy(browser, ASK_AGAIN),
    ]) {
      const refused = await two.post(VERIFY, { session_token: ofTwo, passkey: passkey.answer(options) });
      expect([refused.status, refused.body.code]).toEqual([401, 'auth.passkey_failed']);
    }
    const forStepUp = passkey.answer(await askedBy(two, ASK, { session_token: ofTwo }));
    expect(codeOf(await browser.post(STEP_UP, { passkey: forStepUp }))).toBe('factors.passkey_failed');
    const right = { session_token: ofOne, passkey: passkey.answer(asked) };
    const twin = one.clone();
    expect((await one.post(VERIFY, right)).status).toBe(200);
    expect(codeOf(await twin.post(VERIFY, right))).toBe('auth.mfa_session_invalid');
  });

  it('meets the lock of wrong factors, is one proof of its own, and nobody is asked for one that they have not [threat 36]', async () => {
    await enrolled();
    const visitor = gatehouse.browser();
    const session_token = await account.pendingToken(visitor);
    const options = await askedBy(visitor, ASK, { session_token });
    const both = { session_token, passkey: passkey.answer(options), totp_code: '123456' };
    expect(codeOf(await visitor.post(VERIFY, both))).toBe('request.invalid');
    const answers: unknown[] = [];
    for (const twist of [
      { flags: 1 },
      { flags: 4 },
      { rpId: 'evil.example' },
      { userHandle: 'AAAA' },
      { flags: 0 },
    ])
      answers.push(codeOf(await verify(visitor, session_token, twist)));
    expect(answers).toEqual([
      ...Array.from({ length: 4 }, () => 'auth.passkey_failed'),
      'auth.account_locked',
    ]);
    expect(codeOf(await verify(visitor, session_token))).toBe('auth.account_locked');
    expect((await account.records('second_factor_failed'))[0]).toMatchObject({
      after: { factor: 'passkey' },
    });

    const other = await openAccount(gatehouse);
    await other.enrol();
    const theirs = gatehouse.browser();
    const token = await other.pendingToken(theirs);
    expect((await theirs.post(ASK, { session_token: token })).status).toBe(404);
    expect((await other.browser.post(ASK_AGAIN)).status).toBe(404);
    const stolen = { session_token: token, passkey: passkey.answer(options) };
    expect(codeOf(await theirs.post(VERIFY, stolen))).toBe('auth.passkey_failed');
  });

  it('is chosen where a tenant demands a factor, and opens the session [threat 34]', async () => {
    const colleague = await addOwner(gatehouse, { tenantId: account.tenantId });
    await account.enrol();
    await setPolicy(browser, { policy: 'mandatory' });
    const [jar, rival] = [gatehouse.browser(), gatehouse.browser()];
    const begin = async (by: TestBrowser) => {
      const { body } = await by.post(LOGIN, { email: colleague.email, password: PASSWORD });
      expect(body).toHaveProperty('mfa_enrolment_required');
      const session_token = String(body.session_token);
      const options = (await by.post(`${ENROL}/passkey`, { session_token })).body;
      return { session_token, options: options as unknown as PasskeyCreationOptions };
    };
    const { session_token, options } = await begin(jar);
    const late = await begin(rival);
    const confirm = `${ENROL}/passkey/confirm`;
    const body = { session_token, passkey: passkey.create(options), label: 'Phone' };
    expect(codeOf(await rival.post(confirm, body))).toBe('auth.mfa_session_invalid');
    const other = { session_token: late.session_token, passkey: passkey.create(options) };
    expect(codeOf(await rival.post(confirm, other))).toBe('auth.link_invalid');
    const done = await jar.post(confirm, body);
    expect(done.status, done.text).toBe(200);
    expect(done.body.backup_codes).toHaveLength(10);
    expect((await jar.get(ME)).body.session).toMatchObject({ amr: ['pwd', 'pop', 'mfa'], acr: '2' });
    // A sign-in that began before adds nothing, and the last one stays.
    const second = { ...late, passkey: softwarePasskey(gatehouse.config.publicUrl).create(late.options) };
    const added = await rival.post(confirm, { session_token: second.session_token, passkey: second.passkey });
    expect(['auth.link_invalid', 'auth.mfa_session_invalid']).toContain(codeOf(added));
    expect(codeOf(await jar.delete(`${FACTORS}/${await idOf(jar, 'passkey')}`))).toBe('factors.last');
    expect((await enterBy(gatehouse.browser(), passkey)).body).toHaveProperty('user');
  });

  it('proves once more who somebody is, once', async () => {
    await enrolled();
    gatehouse.clock.advance({ minutes: 11 });
    const removal = `${FACTORS}/${await idOf(browser, 'passkey')}`;
    expect(codeOf(await browser.delete(removal))).toBe('auth.insufficient_user_authentication');
    expect(codeOf(await browser.post(`${FACTORS}/passkey`))).toBe('auth.insufficient_user_authentication');
    expect(codeOf(await browser.post(STEP_UP, { password: PASSWORD }))).toBe(
      'auth.insufficient_user_authentication',
    );
    const thief = browser.clone();
    const options = await askedBy(browser, ASK_AGAIN);
    const answer = { passkey: passkey.answer(options) };
    expect((await browser.post(STEP_UP, answer)).status).toBe(200);
    expect((await thief.post(STEP_UP, answer)).status).toBe(401);
    expect(codeOf(await browser.post(STEP_UP, answer))).toBe('factors.passkey_failed');
    expect((await account.records('passkey_used'))[0]).toMatchObject({ after: { at: 'session' } });
    expect((await browser.delete(removal)).status).toBe(204);
  });
});

describe('one’s own passkeys', () => {
  it('are several, have names, and are removed by a second factor; their owner is told [threat 41]', async () => {
    await enrolled();
    const second = softwarePasskey(gatehouse.config.publicUrl, { algorithm: 'EdDSA' });
    const begun = await browser.post(`${FACTORS}/passkey`);
    expect(begun.body.excludeCredentials).toMatchObject([{ id: passkey.id }]);
    expect((await addPasskey(browser, second)).status).toBe(200);
    const id = await idOf(browser, 'passkey');
    const renamed = await browser.post(`${FACTORS}/${id}/rename`, { label: 'Old laptop' });
    expect(renamed.body).toMatchObject({ id, kind: 'passkey', label: 'Old laptop' });
    expect((await account.records('factor_renamed'))[0]).toMatchObject({
      before: { label: 'Laptop' },
      after: { label: 'Old laptop' },
    });
    for (const label of ['', 'x'.repeat(61), 'a\u202eb', 7, undefined])
      expect((await browser.post(`${FACTORS}/${id}/rename`, { label })).status, String(label)).toBe(400);
    expect((await browser.post(`${FACTORS}/${id}/rename`, { label: null })).body).toMatchObject({
      label: null,
    });

    const stranger = await openAccount(gatehouse);
    await stranger.signIn();
    expect((await stranger.browser.post(`${FACTORS}/${id}/rename`, { label: 'Mine' })).status).toBe(404);
    await addAuthenticator(gatehouse, stranger.browser);
    expect((await stranger.browser.delete(`${FACTORS}/${id}`)).status).toBe(404);

    gatehouse.clock.advance({ minutes: 11 });
    expect(codeOf(await browser.delete(`${FACTORS}/${id}`))).toBe('auth.insufficient_user_authentication');
    const answer = second.answer(await askedBy(browser, ASK_AGAIN));
    expect((await browser.post(STEP_UP, { passkey: answer })).status).toBe(200);
    expect((await browser.delete(`${FACTORS}/${id}`)).status).toBe(204);
    expect(codeOf(await enterBy(gatehouse.browser(), passkey))).toBe('auth.passkey_failed');
    expect((await enterBy(gatehouse.browser(), second)).status).toBe(200);
    const told = (await account.mails()).filter((subject) => subject.includes('second factors'));
    expect(told).toHaveLength(3);
  });

  it('are no two people’s, and of this site, verified and of a known algorithm', async () => {
    await enrolled();
    const other = await openAccount(gatehouse);
    await other.signIn();
    // The same credential, of another user of another tenant.
    const again = await addPasskey(other.browser, passkey);
    expect([again.status, again.body.code]).toEqual([400, 'factors.passkey_unusable']);
    const { publicUrl } = gatehouse.config;
    const refused: [SoftwarePasskey, Twist][] = [
      [softwarePasskey('https://evil.example'), {}],
      [softwarePasskey(publicUrl, { algorithm: 'ES384' }), {}],
      [softwarePasskey(publicUrl), { rpId: 'evil.example' }],
      [softwarePasskey(publicUrl), { clientData: { type: 'webauthn.get' } }],
      [softwarePasskey(publicUrl), { clientData: { crossOrigin: true } }],
      [softwarePasskey(publicUrl), { flags: 0x41 }],
      [softwarePasskey(publicUrl), { flags: 0x44 }],
      [softwarePasskey(publicUrl), { flags: 0x05 }],
      ...UNSOUND_KEYS.map((key): [SoftwarePasskey, Twist] => [softwarePasskey(publicUrl), { key }]),
    ];
    for (const [made, twist] of refused)
      expect(
        codeOf(await addPasskey(other.browser, made, { twist })),
        JSON.stringify([...(twist.key ?? []), twist]),
      ).toBe('factors.passkey_unusable');
    const begun = (await other.browser.post(`${FACTORS}/passkey`)).body as unknown as PasskeyCreationOptions;
    const fresh = softwarePasskey(publicUrl).create(begun);
    for (const attestationObject of ['AA', '_____w', Buffer.alloc(3000, 0x81).toString('base64url')]) {
      const broken = { ...fresh, response: { ...fresh.response, attestationObject } };
      const answer = await other.browser.post(`${FACTORS}/passkey/confirm`, { passkey: broken });
      expect(codeOf(answer), attestationObject.slice(0, 8)).toBe('factors.passkey_unusable');
    }
    // Whoever else is signed in, and a session that is another by now.
    expect(codeOf(await browser.post(`${FACTORS}/passkey/confirm`, { passkey: fresh }))).toBe(
      'auth.link_invalid',
    );
    expect((await other.browser.post(`${FACTORS}/passkey/confirm`, { passkey: fresh })).status).toBe(200);
    expect(codeOf(await other.browser.post(`${FACTORS}/passkey/confirm`, { passkey: fresh }))).toBe(
      'auth.link_invalid',
    );
  });

  it('say nothing of themselves that anybody reads: certificates are put aside, and ask nobody [threat 64]', async () => {
    await account.signIn();
    const x5c = new Map<string, number | Uint8Array | Uint8Array[]>([
      ['alg', -7],
      ['sig', new Uint8Array(70)],
      ['x5c', [new Uint8Array(500)]],
    ]);
    const added = await addPasskey(browser, passkey, {
      twist: { attestation: { fmt: 'packed', attStmt: x5c } },
    });
    expect(added.status, added.text).toBe(200);
    expect((await enterBy(gatehouse.browser(), passkey)).status).toBe(200);
  });

  it('are at most ten, and never all removed where they are the only way in', async () => {
    await enrolled();
    for (let made = 1; made < 10; made += 1)
      expect((await addPasskey(browser, softwarePasskey(gatehouse.config.publicUrl))).status).toBe(200);
    const more = await addPasskey(browser, softwarePasskey(gatehouse.config.publicUrl));
    expect(codeOf(more)).toBe('factors.too_many');
    await gatehouse.sql(`delete from gatehouse.credentials where user_id = $1 and kind = 'password'`, [
      account.owner.userId,
    ]);
    const { factors } = (await browser.get(FACTORS)).body as { factors: { id: string }[] };
    const answers: unknown[] = [];
    for (const { id } of factors) answers.push(codeOf(await browser.delete(`${FACTORS}/${id}`)));
    expect(answers).toEqual([...Array.from({ length: 9 }, () => 204), 'users.last_way_in']);
  });

  it('are kept as nothing that could be used, exported without their secret, and gone after a reset', async () => {
    await enrolled();
    const [row] = await gatehouse.sql<{ text: string }>(
      `select c::text as text from gatehouse.credentials c where user_id = $1 and kind = 'passkey'`,
      [account.owner.userId],
    );
    expect(row?.text).toBeDefined();
    for (const secret of [passkey.id, Buffer.from(passkey.id, 'base64url').toString('hex')])
      expect(row?.text).not.toContain(secret);
    const exported = await browser.request({ method: 'POST', url: '/api/v1/account/export' });
    expect(exported.status, exported.text).toBe(200);
    const document = exported.body as { credentials: { kind: string; label: string | null }[] };
    expect(document.credentials.filter(({ kind }) => kind === 'passkey')).toMatchObject([
      { label: 'Laptop' },
    ]);
    expect(exported.text).not.toContain(passkey.id);

    const admin = await addOwner(gatehouse, { tenantId: account.tenantId, roles: ['admin'] });
    const theirs = gatehouse.browser();
    await theirs.post(LOGIN, { email: admin.email, password: PASSWORD });
    const reset = await theirs.post(`/api/v1/users/${account.owner.userId}/reset-factors`);
    expect(reset.status, reset.text).toBe(200);
    expect((await browser.get(ME)).status).toBe(401);
    expect(codeOf(await enterBy(gatehouse.browser(), passkey))).toBe('auth.passkey_failed');
    expect((await gatehouse.browser().post(LOGIN, account.credentials)).body).toHaveProperty('user');
  });
});

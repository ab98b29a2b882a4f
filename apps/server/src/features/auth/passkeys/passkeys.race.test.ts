import type { PasskeyCreationOptions } from '@gatehouse/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addPasskey,
  askedBy,
  PASSKEY_LOGIN,
  PASSKEY_OPTIONS,
  type SoftwarePasskey,
  softwarePasskey,
} from '../../../../test/passkeys.fixture.ts';
import {
  type Account,
  ENROL,
  FACTORS,
  openAccount,
  sessionsOf,
  setPolicy,
  STEP_UP,
  VERIFY,
} from '../../../../test/second-factor.fixture.ts';
import { addOwner, LOGIN } from '../../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';
import { PASSWORD } from '../../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
let account: Account;
let passkey: SoftwarePasskey;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  account = await openAccount(gatehouse);
  // One that does not count its uses: nothing but the challenge says that an answer is spent.
  passkey = softwarePasskey(gatehouse.config.publicUrl, { counts: false });
  await account.signIn();
  await addPasskey(account.browser, passkey);
});

const fifty = Array.from({ length: 50 }, (_, i) => i);
const openSessions = async () => (await sessionsOf(gatehouse, account.owner.userId)).length;
const wonBy = (answers: { status: number }[]) => answers.filter(({ status }) => status === 200).length;

describe('an answer of a passkey, sent fifty times at once', () => {
  it('signs in once', async () => {
    const before = await openSessions();
    const visitor = gatehouse.browser();
    const body = { passkey: passkey.answer(await askedBy(visitor, PASSKEY_OPTIONS)) };
    const answers = await Promise.all(fifty.map(() => visitor.clone().post(PASSKEY_LOGIN, body)));
    expect(wonBy(answers)).toBe(1);
    expect(answers.filter(({ body: { code } }) => code === 'auth.sign_in_expired')).toHaveLength(49);
    expect(await openSessions()).toBe(before + 1);
  });

  it('completes one sign-in', async () => {
    const before = await openSessions();
    const visitor = gatehouse.browser();
    const session_token = await account.pendingToken(visitor);
    const options = await askedBy(visitor, '/api/v1/auth/mfa/passkey/options', { session_token });
    const body = { session_token, passkey: passkey.answer(options) };
    const answers = await Promise.all(fifty.map(() => visitor.clone().post(VERIFY, body)));
    expect(wonBy(answers)).toBe(1);
    expect(await openSessions()).toBe(before + 1);
  });

  it('steps one session up once', async () => {
    const before = await openSessions();
    const body = { passkey: passkey.answer(await askedBy(account.browser, '/api/v1/auth/step-up/passkey')) };
    const answers = await Promise.all(fifty.map(() => account.browser.clone().post(STEP_UP, body)));
    expect(wonBy(answers)).toBe(1);
    expect(await openSessions()).toBe(before);
  });

  it('of one counter and as many challenges signs in once', async () => {
    const counting = softwarePasskey(gatehouse.config.publicUrl);
    await addPasskey(account.browser, counting);
    const tabs = await Promise.all(
      fifty.map(async () => {
        const visitor = gatehouse.browser();
        return { visitor, options: await askedBy(visitor, PASSKEY_OPTIONS) };
      }),
    );
    const answers = await Promise.all(
      tabs.map(({ visitor, options }) =>
        visitor.post(PASSKEY_LOGIN, { passkey: counting.answer(options, { counter: 1 }) }),
      ),
    );
    expect(wonBy(answers)).toBe(1);
  });
});

describe('a new passkey, sent fifty times at once', () => {
  it('is added once, on the account page and where a tenant demands it', async () => {
    const { browser, tenantId } = account;
    const fresh = softwarePasskey(gatehouse.config.publicUrl);
    const options = (await browser.post(`${FACTORS}/passkey`)).body as unknown as PasskeyCreationOptions;
    const body = { passkey: fresh.create(options) };
    const jar = browser.clone();
    const answers = await Promise.all(fifty.map(() => jar.clone().post(`${FACTORS}/passkey/confirm`, body)));
    expect(wonBy(answers)).toBe(1);

    const colleague = await addOwner(gatehouse, { tenantId });
    const admin = gatehouse.browser();
    await admin.post(PASSKEY_LOGIN, { passkey: passkey.answer(await askedBy(admin, PASSKEY_OPTIONS)) });
    expect((await setPolicy(admin, { policy: 'mandatory' })).status).toBe(200);
    const visitor = gatehouse.browser();
    const { session_token } = (await visitor.post(LOGIN, { email: colleague.email, password: PASSWORD }))
      .body;
    const begun = (await visitor.post(`${ENROL}/passkey`, { session_token })).body;
    const made = {
      session_token,
      passkey: softwarePasskey(gatehouse.config.publicUrl).create(begun as unknown as PasskeyCreationOptions),
    };
    const enrolled = await Promise.all(
      fifty.map(() => visitor.clone().post(`${ENROL}/passkey/confirm`, made)),
    );
    expect(wonBy(enrolled)).toBe(1);
    const rows = await gatehouse.sql<{ user_id: string; n: number }>(
      `select user_id, count(*)::int as n from gatehouse.credentials where kind = 'passkey' and user_id = any($1) group by user_id`,
      [[account.owner.userId, colleague.userId]],
    );
    expect(rows.find(({ user_id }) => user_id === colleague.userId)?.n).toBe(1);
    expect(rows.find(({ user_id }) => user_id === account.owner.userId)?.n).toBe(2);
  });

  it('of two people is one’s', async () => {
    const other = await openAccount(gatehouse);
    await other.signIn();
    const id = Buffer.from('the same credential id for two people');
    const made = await Promise.all(
      [account, other].map(async ({ browser }) => {
        const options = (await browser.post(`${FACTORS}/passkey`)).body;
        const one = softwarePasskey(gatehouse.config.publicUrl, { id });
        return { browser, passkey: one.create(options as unknown as PasskeyCreationOptions) };
      }),
    );
    const answers = await Promise.all(
      made.map(({ browser, passkey: mine }) => browser.post(`${FACTORS}/passkey/confirm`, { passkey: mine })),
    );
    const codes = answers.map(({ body, status }) => body.code ?? status);
    expect(new Set(codes)).toEqual(new Set([200, 'factors.passkey_unusable']));
  });
});

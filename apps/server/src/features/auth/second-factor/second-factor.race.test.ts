import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Account,
  type Authenticator,
  openAccount,
  sessionsOf,
  STEP_UP,
  VERIFY,
} from '../../../../test/second-factor.fixture.ts';
import { startServer, type TestServer } from '../../../../test/server.fixture.ts';

let gatehouse: TestServer;
let account: Account;
let app: Authenticator;
beforeAll(async () => {
  gatehouse = await startServer({ env: { HASH_QUEUE_LIMIT: '1000' } });
});
afterAll(() => gatehouse.close());
beforeEach(async () => {
  account = await openAccount(gatehouse);
  app = await account.enrol();
});

/** Sign-ins of the same account in as many browsers, each waiting for its second factor. */
const waiting = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const jar = gatehouse.browser();
      return { jar, session_token: await account.pendingToken(jar) };
    }),
  );
const statuses = (answers: { status: number }[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, of]) => [status, of.length]),
  );

describe('a second factor, tried many times at once', () => {
  it('opens one session for fifty sign-ins with the same code [threat 39]', async () => {
    const before = (await sessionsOf(gatehouse, account.owner.userId)).length;
    const all = await waiting(50);
    const totp_code = app.code();
    const answers = await Promise.all(
      all.map(({ jar, session_token }) => jar.post(VERIFY, { session_token, totp_code })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await sessionsOf(gatehouse, account.owner.userId)).length).toBe(before + 1);
  });

  it('opens one session by one session token, and spends one code for it', async () => {
    const before = (await sessionsOf(gatehouse, account.owner.userId)).length;
    const [one] = await waiting(1);
    const answers = await Promise.all(
      app.backupCodes
        .flatMap((backup_code) => [backup_code, backup_code, backup_code, backup_code, backup_code])
        .map((backup_code) =>
          one!.jar.clone().post(VERIFY, { session_token: one!.session_token, backup_code }),
        ),
    );
    expect(statuses(answers)).toEqual({ 200: 1, 401: 49 });
    expect((await sessionsOf(gatehouse, account.owner.userId)).length).toBe(before + 1);
    const left = await gatehouse.sql(
      `select from gatehouse.credentials where user_id = $1 and kind = 'backup_code'`,
      [account.owner.userId],
    );
    expect(left).toHaveLength(9);
  });

  it('counts five of two hundred guesses, over as many sign-ins, and makes one lock [threat 36]', async () => {
    const all = await waiting(40);
    const right = app.code();
    const wrong = Array.from({ length: 200 }, (_, i) => String(i).padStart(6, '0')).filter(
      (code) => ![app.code(-1), right, app.code(1)].includes(code),
    );
    const answers = await Promise.all(
      wrong.map((totp_code, i) => {
        const { jar, session_token } = all[i % all.length]!;
        return jar.clone().post(VERIFY, { session_token, totp_code });
      }),
    );
    expect(statuses(answers)).toEqual({ 401: 4, 423: wrong.length - 4 });
    const [{ jar, session_token }] = all as [(typeof all)[0]];
    expect((await jar.post(VERIFY, { session_token, totp_code: right })).status).toBe(423);
    const locks = await gatehouse.sql(
      `select from gatehouse.audit_records where action = 'account_locked' and resource_id = $1`,
      [account.owner.userId],
    );
    expect(locks).toHaveLength(1);
  });

  it('steps one session up once with one code, whichever sessions ask', async () => {
    const before = (await sessionsOf(gatehouse, account.owner.userId)).length;
    const totp_code = app.code();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => account.browser.clone().post(STEP_UP, { totp_code })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await sessionsOf(gatehouse, account.owner.userId)).length).toBe(before);
  });
});

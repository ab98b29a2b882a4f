import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rootDir } from '../../src/cli/folders.ts';
import type { Purpose } from '../../src/platform/one-time-tokens/index.ts';
import type { Answer } from '../browser.fixture.ts';
import {
  addOwner,
  CHANGE_EMAIL,
  CONFIRM_EMAIL,
  freshAddress,
  LOGIN,
  mailedTo,
  signedIn,
} from '../recovery.fixture.ts';
import { setRules } from '../mail-sign-in.fixture.ts';
import { authenticator, ENROL, FACTORS, openAccount, STEP_UP } from '../second-factor.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../server.fixture.ts';
import { PASSWORD } from './people.fixture.ts';

/** Whatever counts once. A new purpose has to say here where it is redeemed fifty times at once. */
type Thing =
  // A trial is looked at by the session that tried, as often as it likes; it signs nobody in.
  | Exclude<Purpose, 'connection-trial'>
  | 'invitation-registered'
  | 'invitation-to-a-provider'
  | 'totp-code'
  | 'backup-code'
  | 'session-token'
  | 'refresh-token'
  | 'saml-response'
  | 'saml-assertion';

interface Redemption {
  redeem(): Promise<Answer>;
  /** What all but one are told. A code that was right is a wrong guess from then on, and five of those are a lock. */
  refused: readonly string[];
  /** What came of it, once: rows. */
  done(): Promise<unknown[]>;
}

const SERVER = 'apps/server/src/features';
/** Where a test redeems it fifty times or more at once, by its title. */
const ELSEWHERE = {
  'set-password': [
    'apps/server/test/standing/single-use.test.ts',
    'set one password of fifty that are tried',
  ],
  'reset-password': [
    `${SERVER}/auth/recovery.race.test.ts`,
    'of fifty redemptions of one link one sets the password',
  ],
  invitation: [`${SERVER}/invitations/invitations.race.test.ts`, 'is accepted once of fifty acceptances'],
  'invitation-registered': [
    `${SERVER}/invitations/invitations.race.test.ts`,
    'makes one account of fifty registrations at the same moment',
  ],
  'invitation-to-a-provider': [
    `${SERVER}/connections/by-invitation/accept-by-provider.race.test.ts`,
    'an invitation that fifty take to a provider at once is accepted once',
  ],
  setup: [`${SERVER}/auth/first-administrator.test.ts`, 'is made once by the link, of fifty tries at once'],
  'connection-sign-in': [
    `${SERVER}/connections/connection-sign-in.race.test.ts`,
    'are let in once by one answer',
  ],
  'connection-link': [`${SERVER}/connections/pending-link.test.ts`, 'and linked when they say so, once'],
  'second-factor': [
    `${SERVER}/auth/second-factor/second-factor.race.test.ts`,
    'opens one session by one session token',
  ],
  'session-token': [
    `${SERVER}/auth/second-factor/second-factor.race.test.ts`,
    'opens one session by one session token',
  ],
  'totp-code': [
    `${SERVER}/auth/second-factor/second-factor.race.test.ts`,
    'opens one session for fifty sign-ins with the same code',
  ],
  'new-passkey': [
    `${SERVER}/auth/passkeys/passkeys.race.test.ts`,
    'is added once, on the account page and where a tenant demands it',
  ],
  'passkey-sign-in': [`${SERVER}/auth/passkeys/passkeys.race.test.ts`, 'signs in once'],
  'passkey-second-factor': [`${SERVER}/auth/passkeys/passkeys.race.test.ts`, 'completes one sign-in'],
  'passkey-step-up': [`${SERVER}/auth/passkeys/passkeys.race.test.ts`, 'steps one session up once'],
  'mail-link': [
    `${SERVER}/auth/mail-sign-in/mail-sign-in.race.test.ts`,
    'lets somebody in once of fifty redemptions of one link',
  ],
  'mail-code': [
    `${SERVER}/auth/mail-sign-in/mail-sign-in.race.test.ts`,
    'lets somebody in once of fifty redemptions of one code',
  ],
  'refresh-token': [`${SERVER}/auth/renew.race.test.ts`, 'make one successor'],
  'saml-response': [
    `${SERVER}/connections/saml.race.test.ts`,
    'are stored once of fifty posts, and let in once of fifty browsers',
  ],
  'saml-assertion': [`${SERVER}/connections/saml.race.test.ts`, 'of one assertion let in one'],
} as const satisfies Partial<Record<Thing, readonly [string, string]>>;

describe('what counts once, redeemed fifty times at once', () => {
  let gatehouse: TestServer;
  beforeAll(async () => {
    gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  });
  afterAll(() => gatehouse.close());

  const post = (path: string, body: object) => gatehouse.browser().post(path, body);
  const newest = async (email: string) => tokenIn((await mailedTo(gatehouse, email)).at(-1));
  const records = (action: string, userId: string) =>
    gatehouse.sql('select from gatehouse.audit_records where action = $1 and resource_id = $2', [
      action,
      userId,
    ]);
  const LINK = ['auth.link_invalid'];

  const HERE: Record<Exclude<Thing, keyof typeof ELSEWHERE>, () => Promise<Redemption>> = {
    registration: async () => {
      const [email, password] = [freshAddress(), 'Good-Pass-77'];
      await post('/api/v1/auth/register', { email, password, name: 'Grace', tenantName: 'Once' });
      const token = await newest(email);
      return {
        redeem: () => post('/api/v1/auth/register/confirm', { token, password }),
        refused: LINK,
        done: () =>
          gatehouse.sql(
            `select s.id from gatehouse.tenants t left join gatehouse.users u on u.tenant_id = t.id
               left join gatehouse.sessions s on s.user_id = u.id where t.name = 'Once'`,
          ),
      };
    },
    'verify-email': async () => {
      const owner = await addOwner(gatehouse);
      await gatehouse.sql('update gatehouse.users set email_verified_at = null where id = $1', [
        owner.userId,
      ]);
      await (await signedIn(gatehouse, owner)).post('/api/v1/auth/email/send-verification');
      const token = await newest(owner.email);
      return {
        redeem: () => post('/api/v1/auth/email/verify', { token }),
        refused: LINK,
        done: () => records('email_verified', owner.userId),
      };
    },
    'change-email': async () => {
      const owner = await addOwner(gatehouse);
      const newEmail = freshAddress();
      await (await signedIn(gatehouse, owner)).post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
      const token = await newest(newEmail);
      return {
        redeem: () => post(CONFIRM_EMAIL, { token, password: PASSWORD }),
        // Whose password is compared while the address moves is found by the former one no more.
        refused: [...LINK, 'password.current_wrong'],
        done: () => records('email_changed', owner.userId),
      };
    },
    'new-totp': async () => {
      const account = await openAccount(gatehouse);
      await account.signIn();
      const { body } = await account.browser.post(`${FACTORS}/totp`);
      const totp_code = authenticator(gatehouse, String(body.secret)).code();
      const { enrolment_token } = body;
      return {
        redeem: () => account.browser.clone().post(`${FACTORS}/totp/confirm`, { enrolment_token, totp_code }),
        // The session goes on under a new id.
        refused: ['auth.link_invalid', 'auth.session_expired', 'auth.insufficient_user_authentication'],
        done: () => factors(account.owner.userId, 'totp'),
      };
    },
    enrolment: async () => {
      const account = await openAccount(gatehouse);
      await gatehouse.sql('delete from gatehouse.sessions where user_id = $1', [account.owner.userId]);
      await setRules(gatehouse, account.tenantId, { mfa: { policy: 'mandatory', rememberDays: 0 } });
      const { session_token } = (await account.browser.post(LOGIN, account.credentials)).body;
      const { body } = await account.browser.post(ENROL, { session_token });
      const totp_code = authenticator(gatehouse, String(body.secret)).code();
      const confirm = { session_token, enrolment_token: body.enrolment_token, totp_code };
      return {
        redeem: () => account.browser.clone().post(`${ENROL}/confirm`, confirm),
        refused: ['auth.mfa_session_invalid', 'auth.link_invalid'],
        done: () =>
          gatehouse.sql(
            `select from gatehouse.sessions s join gatehouse.credentials c using (user_id)
               where user_id = $1 and c.kind = 'totp' and 'mfa' = any (s.amr)`,
            [account.owner.userId],
          ),
      };
    },
    'backup-code': async () => {
      const account = await openAccount(gatehouse);
      const { backupCodes } = await account.enrol();
      return {
        redeem: () => account.browser.clone().post(STEP_UP, { backup_code: backupCodes[0] }),
        refused: ['factors.code_wrong', 'auth.account_locked', 'auth.session_expired'],
        // Ten there were.
        done: async () => (await factors(account.owner.userId, 'backup_code')).slice(8),
      };
    },
  };
  const factors = (userId: string, kind: string) =>
    gatehouse.sql('select id from gatehouse.credentials where user_id = $1 and kind = $2', [userId, kind]);

  it.each(Object.keys(HERE))('works once: %s [threat 57]', async (thing) => {
    const { redeem, refused, done } = await HERE[thing as keyof typeof HERE]();
    const answers = await Promise.all(Array.from({ length: 50 }, redeem));
    const codes = answers.map(({ status, body }) => body.code ?? status);
    expect(codes.filter((code) => typeof code === 'number')).toHaveLength(1);
    for (const code of codes.filter((each) => typeof each === 'string')) expect(refused).toContain(code);
    expect(await done()).toHaveLength(1);
    // What comes late is told the same.
    expect(refused).toContain((await redeem()).body.code);
  });

  it('is tried where its peers are, or here', () => {
    for (const [thing, [path, title]] of Object.entries(ELSEWHERE)) {
      const source = readFileSync(join(rootDir, path), 'utf8');
      expect(source, thing).toContain(title);
      expect(source, thing).toMatch(/fifty|\b(50|200)\b/);
    }
  });
});

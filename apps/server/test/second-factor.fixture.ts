import { Secret, TOTP } from 'otpauth';
import type { TenantId } from '../src/platform/ids.ts';
import type { Answer, TestBrowser } from './browser.fixture.ts';
import { addTenant, itemsOf } from './people.fixture.ts';
import { addOwner, LOGIN, mailedTo } from './recovery.fixture.ts';
import type { TestServer } from './server.fixture.ts';
import { PASSWORD, type Person } from './standing/people.fixture.ts';

export const VERIFY = '/api/v1/auth/mfa/verify';
export const ENROL = '/api/v1/auth/mfa/enrol';
export const FACTORS = '/api/v1/auth/factors';
export const STEP_UP = '/api/v1/auth/step-up';
export const ME = '/api/v1/auth/me';

/** An authenticator app: as the RFC says it, and not as the server computes it. */
export interface Authenticator {
  secret: string;
  /** What it shows; `steps` of thirty seconds from now. */
  code(steps?: number): string;
  backupCodes: string[];
}

export function authenticator(gatehouse: TestServer, secret: string): Authenticator {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: 30, algorithm: 'SHA1' });
  return {
    secret,
    code: (steps = 0) => totp.generate({ timestamp: gatehouse.clock.now().getTime() + steps * 30_000 }),
    backupCodes: [],
  };
}

/** Adds an authenticator app on the account page, in a browser that has just signed in. */
export async function addAuthenticator(
  gatehouse: TestServer,
  browser: TestBrowser,
  label?: string,
): Promise<Authenticator> {
  const begun = await browser.post(`${FACTORS}/totp`);
  if (begun.status !== 200) throw new Error(`no secret: ${begun.text}`);
  const app = authenticator(gatehouse, String(begun.body.secret));
  const added = await browser.post(`${FACTORS}/totp/confirm`, {
    enrolment_token: begun.body.enrolment_token,
    totp_code: app.code(),
    ...(label !== undefined && { label }),
  });
  if (added.status !== 200) throw new Error(`not added: ${added.text}`);
  app.backupCodes = (added.body.backup_codes ?? []) as string[];
  // Its first code is spent.
  gatehouse.clock.advance({ seconds: 30 });
  return app;
}

/** Sets up a first factor where a sign-in waits for it. */
export async function enrolAtSignIn(
  gatehouse: TestServer,
  browser: TestBrowser,
  place: URL,
): Promise<Authenticator> {
  const session_token = new URLSearchParams(place.hash.slice(1)).get('token');
  const { body } = await browser.post(ENROL, { session_token });
  const app = authenticator(gatehouse, String(body.secret));
  const { enrolment_token } = body;
  const code = { enrolment_token, totp_code: app.code() };
  const done = await browser.post(`${ENROL}/confirm`, { session_token, ...code });
  if (done.status !== 200) throw new Error(`not set up: ${done.text}`);
  app.backupCodes = (done.body.backup_codes ?? []) as string[];
  return app;
}

/** An administrator of a tenant of their own, with a password, and what they do about second factors. */
export interface Account {
  tenantId: TenantId;
  owner: Person;
  credentials: { email: string; password: string };
  /** The browser that they use, without a session at first. */
  browser: TestBrowser;
  /** Signs in with the password alone, while there is no factor yet. */
  signIn(by?: TestBrowser): Promise<Answer>;
  /** Signs in and adds an authenticator app, a while ago. */
  enrol(): Promise<Authenticator>;
  /** Begins a sign-in that waits for the second factor; answers what names it. */
  pendingToken(by: TestBrowser): Promise<string>;
  /** Subjects of what was mailed to them, oldest first. */
  mails(): Promise<string[]>;
  /** The newest records of an action, as they read them. */
  records(action: string, by?: TestBrowser): Promise<Record<string, unknown>[]>;
}

export async function openAccount(gatehouse: TestServer): Promise<Account> {
  const tenantId = await addTenant(gatehouse);
  const owner = await addOwner(gatehouse, { tenantId, roles: ['admin'] });
  const credentials = { email: owner.email, password: PASSWORD };
  const browser = gatehouse.browser();
  const account: Account = {
    tenantId,
    owner,
    credentials,
    browser,
    async signIn(by = browser) {
      const answer = await by.post(LOGIN, credentials);
      if (answer.body.user === undefined) throw new Error(`not signed in: ${answer.text}`);
      return answer;
    },
    async enrol() {
      await account.signIn();
      const app = await addAuthenticator(gatehouse, browser, 'Phone');
      gatehouse.clock.advance({ minutes: 1 });
      return app;
    },
    async pendingToken(by) {
      const answer = await by.post(LOGIN, credentials);
      if (answer.body.mfa_required !== true) throw new Error(`no second factor asked for: ${answer.text}`);
      return String(answer.body.session_token);
    },
    mails: async () => (await mailedTo(gatehouse, owner.email)).map(({ subject }) => subject),
    records: async (action, by = browser) => itemsOf(await by.get(`/api/v1/audit?action=${action}&limit=5`)),
  };
  return account;
}

/** Changes what the caller's tenant demands. */
export async function setPolicy(
  browser: TestBrowser,
  mfa: { policy?: 'off' | 'optional' | 'mandatory'; rememberDays?: number },
): Promise<Answer> {
  const { tenant } = (await browser.get(ME)).body as { tenant: { id: string } };
  const path = `/api/v1/tenants/${tenant.id}/settings`;
  const { body } = await browser.get(path);
  return browser.patch(path, { version: body.version, settings: { mfa } });
}

export const sessionsOf = (gatehouse: TestServer, userId: string) =>
  gatehouse.sql<{ amr: string[] }>(
    'select amr from gatehouse.sessions where user_id = $1 and ended_at is null order by created_at',
    [userId],
  );

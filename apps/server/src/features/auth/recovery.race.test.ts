import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOwner,
  canSignIn,
  CHANGE,
  CHANGE_EMAIL,
  CONFIRM_EMAIL,
  FORGOT,
  freshAddress,
  LOGIN,
  mailedTo,
  recordsOf,
  RESET,
  signedIn,
} from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const newestToken = async (email: string) => tokenIn((await mailedTo(gatehouse, email)).at(-1));
const times = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));
const openSessions = async (userId: string) =>
  (
    await gatehouse.sql<{ n: number }>(
      'select count(*)::int as n from gatehouse.sessions where user_id = $1 and ended_at is null',
      [userId],
    )
  )[0]?.n;

describe('at the same time', () => {
  it('of fifty redemptions of one link one sets the password [threat 57]', async () => {
    const { email, userId } = await addOwner(gatehouse);
    await gatehouse.browser().post(FORGOT, { email });
    const token = await newestToken(email);
    const answers = await times(50, (i) =>
      gatehouse.browser().post(RESET, { token, password: `Right-Pass-${i}` }),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.link_invalid')).toHaveLength(49);
    const winner = answers.findIndex(({ status }) => status === 204);
    expect(await canSignIn(gatehouse, email, `Right-Pass-${winner}`)).toBe(true);
    expect(await recordsOf(gatehouse, 'password_changed', userId)).toHaveLength(1);
  });

  it('of twenty requests for a link one link is open in the end', async () => {
    const { email, userId } = await addOwner(gatehouse);
    await times(20, () => gatehouse.browser().post(FORGOT, { email }));
    expect(await mailedTo(gatehouse, email)).toHaveLength(20);
    const open = await gatehouse.sql(
      'select from gatehouse.one_time_tokens where subject_id = $1 and consumed_at is null',
      [userId],
    );
    expect(open).toHaveLength(1);
  });

  it('of two changes by the same old password one is made', async () => {
    const { email, userId } = await addOwner(gatehouse);
    const browsers = await times(2, () => signedIn(gatehouse, { email }));
    const answers = await Promise.all(
      browsers.map((browser, i) =>
        browser.post(CHANGE, { currentPassword: PASSWORD, newPassword: `Next-Pass-${i}` }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(await canSignIn(gatehouse, email, `Next-Pass-${winner}`)).toBe(true);
    expect(await recordsOf(gatehouse, 'password_changed', userId)).toHaveLength(1);
  });

  it('no session outlives a new password, however many sign in by the old one meanwhile', async () => {
    const { email, userId } = await addOwner(gatehouse);
    await gatehouse.browser().post(FORGOT, { email });
    const token = await newestToken(email);
    const browsers = Array.from({ length: 16 }, () => gatehouse.browser());
    const logins = browsers.map((browser) => browser.post(LOGIN, { email, password: PASSWORD }));
    const reset = gatehouse.browser().post(RESET, { token, password: 'Next-Pass-1' });
    expect((await reset).status).toBe(204);
    for (const { status } of await Promise.all(logins)) expect([200, 401, 423]).toContain(status);
    for (const browser of browsers) expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect(await openSessions(userId)).toBe(0);
  });

  it('of two who confirm the same new address one gets it', async () => {
    const newEmail = freshAddress();
    const owners = await times(2, () => addOwner(gatehouse));
    const tokens: string[] = [];
    for (const owner of owners) {
      const browser = await signedIn(gatehouse, owner);
      await browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
      tokens.push(await newestToken(newEmail));
    }
    const answers = await Promise.all(
      tokens.map((token) => gatehouse.browser().post(CONFIRM_EMAIL, { token, password: PASSWORD })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 409]));
    const entered = await gatehouse.sql<{ user_id: string }>(
      'select user_id from gatehouse.login_identifiers where email_key = $1',
      [newEmail],
    );
    expect(entered).toEqual([{ user_id: owners[answers.findIndex(({ status }) => status === 204)]?.userId }]);
  });

  it('of a change to an address and a registration of it one is made', async () => {
    const newEmail = freshAddress();
    const browser = await signedIn(gatehouse, await addOwner(gatehouse));
    await browser.post(CHANGE_EMAIL, { newEmail, password: PASSWORD });
    const change = await newestToken(newEmail);
    const registration = { email: newEmail, password: PASSWORD, name: 'Other', tenantName: 'Other' };
    await gatehouse.browser().post('/api/v1/auth/register', registration);
    const register = await newestToken(newEmail);
    const answers = await Promise.all([
      gatehouse.browser().post(CONFIRM_EMAIL, { token: change, password: PASSWORD }),
      gatehouse.browser().post('/api/v1/auth/register/confirm', { token: register, password: PASSWORD }),
    ]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    for (const { status } of answers) expect(status).toBeLessThan(500);
    expect(await gatehouse.sql('select from gatehouse.users where email_key = $1', [newEmail])).toHaveLength(
      1,
    );
  });

  it('everything that touches one account waits for its turn: nothing deadlocks, and a suspended one has no session', async () => {
    const admin = await gatehouse.admin();
    for (let round = 1; round <= 5; round += 1) {
      const root = (await admin.get('/api/v1/auth/me')).body.tenant as { id: string };
      const owner = await addOwner(gatehouse, { tenantId: root.id as never });
      const { email, userId } = owner;
      const browser = await signedIn(gatehouse, owner);
      await gatehouse.browser().post(FORGOT, { email });
      const token = await newestToken(email);
      const answers = await Promise.all([
        browser.post(CHANGE, { currentPassword: PASSWORD, newPassword: 'Next-Pass-1' }),
        gatehouse.browser().post(RESET, { token, password: 'Next-Pass-2' }),
        gatehouse.browser().post(FORGOT, { email }),
        gatehouse.browser().post(LOGIN, { email, password: PASSWORD }),
        admin.post(`/api/v1/users/${userId}/suspend`, undefined),
        admin.post(`/api/v1/users/${userId}/sessions/end`, undefined),
      ]);
      for (const { status, text } of answers) expect(status, text).toBeLessThan(500);
      expect(await openSessions(userId)).toBe(0);
      expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    }
  });
});

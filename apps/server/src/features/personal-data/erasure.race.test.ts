import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../../test/database.setup.ts';
import { untilHeard, untilWaiting } from '../../../test/locks.fixture.ts';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { addOwner, LOGIN, signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let one: TestServer;
let two: TestServer;
let tenant: TenantId;
let admin: Caller;
beforeAll(async () => {
  one = await startServer();
  const database = one.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1');
  two = await startServer({ database, clock: one.clock });
  tenant = await addTenant(one);
  admin = await addCaller(one, tenant, 'admin');
});
afterAll(async () => {
  await two.close();
  await one.close();
});

const ERASE = '/api/v1/account/erase';
const password = PASSWORD;
const left = async (userId: string) =>
  (
    await one.sql<{ users: number; sessions: number; keys: number; erased: number }>(
      `select (select count(*)::int from gatehouse.users where id = $1) as users,
         (select count(*)::int from gatehouse.sessions where user_id = $1) as sessions,
         (select count(*)::int from gatehouse.subject_keys where subject_id = $1::text and key_sealed <> '') as keys,
         (select count(*)::int from gatehouse.audit_records where action = 'data_erased' and resource_id = $1::text) as erased`,
      [userId],
    )
  )[0];
const GONE = { users: 0, sessions: 0, keys: 0, erased: 1 };

describe('an erasure at the same moment as', () => {
  it('sign-ins on two nodes leaves no session and no key, and whoever got in is out [threat 44]', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { email, userId } = await addOwner(one, { tenantId: tenant });
      const browsers = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? one : two).browser());
      const [erased, ...entered] = await Promise.all([
        admin.post(`/users/${userId}/erase`),
        ...browsers.map((browser) => browser.post(LOGIN, { email, password })),
      ]);
      expect(erased.status, erased.text).toBe(204);
      // Whoever comes too late meets an address that nobody has, and is counted as a stranger.
      for (const { status, text } of entered) expect([200, 401, 423], text).toContain(status);
      expect(await left(userId)).toEqual(GONE);
      // Past the half second for which another process may remember a session.
      await new Promise((resolve) => setTimeout(resolve, 600));
      for (const browser of browsers) expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    }
  });

  it('renewals, consents, wrong passwords and changes of address leaves no key behind', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { email, userId } = await addOwner(one, { tenantId: tenant });
      const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(() => signedIn(one, { email })));
      const elsewhere = two.browser();
      const answers = await Promise.all([
        admin.post(`/users/${userId}/erase`),
        a?.post('/api/v1/auth/refresh'),
        b?.post('/api/v1/account/consents', { purpose: 'news', version: '1' }),
        c?.post('/api/v1/auth/email/change', { newEmail: `new-${email}`, password }),
        d?.post('/api/v1/sessions/end-others'),
        elsewhere.post(LOGIN, { email, password: 'Wrong-Pass-1' }),
      ]);
      expect(answers[0].status).toBe(204);
      for (const answer of answers) expect(answer?.status).toBeLessThan(500);
      expect(await left(userId)).toEqual(GONE);
      const [tokens] = await one.sql<{ n: number }>(
        'select count(*)::int as n from gatehouse.one_time_tokens where subject_id = $1',
        [userId],
      );
      expect(tokens?.n).toBe(0);
    }
  });

  it('another one, of the same person, is done once', async () => {
    const { email, userId } = await addOwner(one, { tenantId: tenant });
    const browser = await signedIn(one, { email });
    const answers = await Promise.all([
      browser.post(ERASE),
      browser.post(ERASE),
      admin.post(`/users/${userId}/erase`),
      admin.post(`/users/${userId}/erase`),
    ]);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(await left(userId)).toEqual(GONE);
  });

  it('the end of the session that asks for it, is refused', async () => {
    const { email, userId } = await addOwner(one, { tenantId: tenant });
    const browser = await signedIn(one, { email });
    const refused = await withClient(one.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query("select pg_advisory_xact_lock(hashtextextended('person ' || $1::text, 0))", [
        userId,
      ]);
      const asked = browser.post(ERASE);
      await untilWaiting(one, 1);
      await client.query('update gatehouse.sessions set ended_at = now() where user_id = $1', [userId]);
      await client.query('commit');
      return asked;
    });
    expect([refused.status, refused.body.code]).toEqual([401, 'auth.session_expired']);
    expect((await left(userId))?.users).toBe(1);
  });

  it('that of the other of the last two administrators leaves one', async () => {
    const own = await addTenant(one);
    const callers = [await addCaller(one, own, 'admin'), await addCaller(two, own, 'admin')];
    const [x, y] = callers as [Caller, Caller];
    await Promise.all([x.post(`/users/${y.userId}/erase`), y.post(`/users/${x.userId}/erase`)]);
    const [admins] = await one.sql<{ n: number }>(
      'select count(*)::int as n from gatehouse.users where tenant_id = $1',
      [own],
    );
    expect(admins?.n).toBe(1);
  });
});

describe('a key that another process remembers', () => {
  it('is forgotten there with the next look at the log, four times a second, and nothing that it sealed opens there', async () => {
    const { email, userId } = await addOwner(one, { tenantId: tenant });
    await signedIn(one, { email });
    const reader = await addCaller(two, tenant, 'admin');
    const read = () => reader.get(`/audit?action=login&actor=${userId}`);
    expect((await read()).text).toContain(email);
    two.server.startJobs();
    expect((await admin.post(`/users/${userId}/erase`)).status).toBe(204);
    await untilHeard(two);
    const after = await read();
    expect(after.status).toBe(200);
    expect(after.text).not.toContain(email);
  });
});

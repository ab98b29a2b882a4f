import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import { ADMIN, startServer, type TestServer, tokenIn } from '../../../test/server.fixture.ts';

interface Session {
  id: string;
  userId: string;
  current: boolean;
  ip: string;
  userAgent: string;
}

let gatehouse: TestServer;
beforeAll(async () => {
  gatehouse = await startServer();
});
afterAll(() => gatehouse.close());

const signIn = async (options: Parameters<TestServer['browser']>[0] = {}, as = ADMIN) => {
  const browser = gatehouse.browser(options);
  expect((await browser.post('/api/v1/auth/login', as)).status).toBe(200);
  return browser;
};
const sessionsOf = async (browser: TestBrowser, query = '') =>
  (await browser.get(`/api/v1/sessions${query}`)).body as unknown as {
    items: Session[];
    nextCursor: string | null;
  };
const isSignedIn = async (browser: TestBrowser) => (await browser.get('/api/v1/auth/me')).status === 200;

/** A user of the root tenant with a password, and a browser in which it is signed in. */
async function addPerson(email: string, roles: string[]) {
  const admin = await gatehouse.admin();
  const made = await admin.post('/api/v1/users', { email, name: email, roles });
  expect(made.status).toBe(201);
  const mail = (await gatehouse.deliverMail()).findLast((each) => each.to === email);
  const as = { email, password: 'Good-Pass-1' };
  await gatehouse
    .browser()
    .post('/api/v1/auth/password/set', { token: tokenIn(mail), password: as.password });
  return { id: made.body.id as string, browser: await signIn({}, as) };
}

describe('one’s own sessions', () => {
  it('are listed newest first, with device and place, and the present one marked', async () => {
    const first = await signIn({ userAgent: 'Laptop', ip: '203.0.113.5' });
    gatehouse.clock.advance({ seconds: 5 });
    const second = await signIn({ userAgent: 'Phone' });
    const { items } = await sessionsOf(second);
    expect(items.slice(0, 2)).toMatchObject([
      { userAgent: 'Phone', current: true },
      { userAgent: 'Laptop', ip: '203.0.113.5', current: false },
    ]);
    expect((await sessionsOf(first)).items.find((each) => each.current)?.userAgent).toBe('Laptop');
  });

  it('end one by one: what is ended is refused from its next request on, renewals too, and on record', async () => {
    const stays = await signIn();
    const goes = await signIn();
    const id = (await sessionsOf(goes)).items.find((each) => each.current)?.id;
    expect((await stays.delete(`/api/v1/sessions/${id}`)).status).toBe(204);
    expect(await isSignedIn(goes)).toBe(false);
    expect((await goes.post('/api/v1/auth/refresh')).status).toBe(401);
    expect(await isSignedIn(stays)).toBe(true);
    expect((await stays.delete(`/api/v1/sessions/${id}`)).status).toBe(404);
    const records = (await stays.get(`/api/v1/audit?action=session_ended&resourceId=${id}`)).body.items;
    expect(records).toHaveLength(1);
    const followed = await gatehouse.sql('select from gatehouse.revocations where subject_id = $1', [id]);
    expect(followed).toHaveLength(1);
  });

  it('end all but the present one', async () => {
    const others = [await signIn(), await signIn(), await signIn()];
    const stays = await signIn();
    const answer = await stays.post('/api/v1/sessions/end-others');
    expect(Number(answer.body.ended)).toBeGreaterThanOrEqual(3);
    expect(await Promise.all(others.map(isSignedIn))).toEqual([false, false, false]);
    expect((await sessionsOf(stays)).items).toHaveLength(1);
  });

  it('come in pages that are complete', async () => {
    const browser = await signIn();
    for (let session = 1; session <= 6; session += 1) await signIn();
    const all = (await sessionsOf(browser)).items.map(({ id }) => id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await sessionsOf(browser, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all);
  });

  it('of somebody else are not there', async () => {
    const person = await addPerson('somebody@example.com', []);
    const admin = await signIn();
    const own = (await sessionsOf(admin)).items.find((each) => each.current)?.id;
    expect((await person.browser.delete(`/api/v1/sessions/${own}`)).status).toBe(404);
    expect((await sessionsOf(person.browser)).items).toHaveLength(1);
    expect(await isSignedIn(admin)).toBe(true);
  });
});

describe('the sessions of a user, for an administrator', () => {
  it('are listed, and ended one by one or all at once', async () => {
    const person = await addPerson('watched@example.com', []);
    const second = await signIn({}, { email: 'watched@example.com', password: 'Good-Pass-1' });
    const admin = await gatehouse.admin();
    const { items } = (await admin.get(`/api/v1/users/${person.id}/sessions`)).body as unknown as {
      items: Session[];
    };
    expect(items).toHaveLength(2);
    const newest = items.find((each) => each.id === items[0]?.id)?.id;
    expect((await admin.delete(`/api/v1/users/${person.id}/sessions/${newest}`)).status).toBe(204);
    expect((await admin.delete(`/api/v1/users/${person.id}/sessions/${newest}`)).status).toBe(404);
    expect((await admin.post(`/api/v1/users/${person.id}/sessions/end`)).body).toEqual({ ended: 1 });
    expect(await isSignedIn(person.browser)).toBe(false);
    expect(await isSignedIn(second)).toBe(false);
  });

  it('cannot be ended through another user’s name', async () => {
    const [one, two] = [await addPerson('one@example.com', []), await addPerson('two@example.com', [])];
    const id = (await sessionsOf(two.browser)).items[0]?.id;
    const admin = await gatehouse.admin();
    expect((await admin.delete(`/api/v1/users/${one.id}/sessions/${id}`)).status).toBe(404);
    expect(await isSignedIn(two.browser)).toBe(true);
  });

  it('of a platform administrator are out of reach for an ordinary administrator of the root tenant', async () => {
    const ordinary = await addPerson('ordinary@example.com', ['admin']);
    const platform = await signIn();
    const { id } = (await platform.get('/api/v1/auth/me')).body.user as { id: string };
    const refused = await ordinary.browser.post(`/api/v1/users/${id}/sessions/end`);
    expect([refused.status, refused.body.code]).toEqual([403, 'access.denied']);
    expect(await isSignedIn(platform)).toBe(true);
  });
});

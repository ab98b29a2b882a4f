import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addGuest } from '../../../test/guests.fixture.ts';
import { addCaller, addTenant, allPages, type Caller, itemsOf } from '../../../test/people.fixture.ts';
import { addOwner, signedIn } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenant: TenantId;
let person: Caller;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  tenant = await addTenant(gatehouse);
  person = await addCaller(gatehouse, tenant);
  admin = await addCaller(gatehouse, tenant, 'admin');
});
afterAll(() => gatehouse.close());

const activity = async (of: Caller) =>
  itemsOf(await of.get('/account/activity')).map(({ action, by, ip }) => ({ action, by, ip }));

describe('what happened to one’s account', () => {
  it('is what one did and what was done to it, newest first, and nothing of other people', async () => {
    await person.patch('/account/profile', { name: 'Grace Hopper' });
    await admin.patch(`/users/${person.userId}`, { name: 'Grace' });
    await admin.patch('/account/profile', { name: 'Ada Lovelace' });
    await gatehouse.browser().post('/api/v1/auth/login', { email: person.email, password: 'Wrong-Horse-9' });

    expect(await activity(person)).toEqual([
      { action: 'failed_login', by: 'nobody', ip: '127.0.0.1' },
      { action: 'user_updated', by: 'someone', ip: null },
      { action: 'user_updated', by: 'you', ip: '127.0.0.1' },
      { action: 'login', by: 'you', ip: '127.0.0.1' },
    ]);
    expect((await activity(admin)).map(({ action, by }) => `${String(action)} by ${String(by)}`)).toEqual([
      'user_updated by you',
      'user_updated by you',
      'login by you',
    ]);
  });

  it('has roles that others gave, and a token of one’s own that somebody kept and sent', async () => {
    const owner = await addOwner(gatehouse, { tenantId: tenant });
    const browser = await signedIn(gatehouse, owner);
    const thief = browser.clone();
    await browser.post('/api/v1/auth/refresh');
    gatehouse.clock.advance({ minutes: 2 });
    expect((await thief.post('/api/v1/auth/refresh')).status).toBe(401);
    await admin.signInAgain();
    const given = await admin.post('/role-assignments', {
      principalId: owner.principalId,
      role: 'SUPPORT_AGENT',
    });
    expect(given.status, given.text).toBe(201);

    const again = await signedIn(gatehouse, owner);
    expect(itemsOf(await again.get('/api/v1/account/activity')).slice(0, 4)).toMatchObject([
      { action: 'login', by: 'you' },
      { action: 'role_assigned', by: 'someone', ip: null },
      { action: 'session_reuse_detected', by: 'nobody', ip: '127.0.0.1' },
      { action: 'login', by: 'you' },
    ]);
  });

  it('does not say who an administrator is, nor where they work', async () => {
    const { text } = await person.get('/account/activity');
    expect(text).not.toContain(admin.userId);
    expect(text).not.toContain(admin.email);
    expect(itemsOf(await person.get('/account/activity'))[1]).toMatchObject({
      by: 'someone',
      userAgent: null,
    });
  });

  it('comes in pages, each record once, and a cursor is of whom it was made for', async () => {
    const whole = itemsOf(await person.get('/account/activity')).map(({ id }) => id);
    const pages = await allPages(person, '/account/activity', 1);
    expect(pages.flatMap(itemsOf).map(({ id }) => id)).toEqual(whole);
    const cursor = pages[0]?.body.nextCursor as string;
    expect((await admin.get(`/account/activity?cursor=${cursor}`)).status).toBe(400);
  });

  it('is read in the home, whichever tenant one works in', async () => {
    const elsewhere = await addTenant(gatehouse, { name: 'Elsewhere' });
    const host = await addCaller(gatehouse, elsewhere, 'admin');
    await addGuest(gatehouse, elsewhere, person);
    const before = await activity(person);
    expect((await person.switchTo(elsewhere)).status).toBe(200);
    await host.patch('/account/profile', { name: 'Host' });
    const after = await activity(person);
    expect(after.slice(-before.length)).toEqual(before);
    expect((await person.patch('/account/profile', { name: 'Grace Hopper' })).body).toMatchObject({
      tenantId: tenant,
      name: 'Grace Hopper',
    });
  });
});

describe('one’s own name', () => {
  it('is changed by its owner, and known at the next request', async () => {
    const { status, body } = await admin.patch('/account/profile', { name: 'Lady Lovelace' });
    expect([status, body]).toMatchObject([200, { id: admin.userId, name: 'Lady Lovelace' }]);
    expect((await admin.get('/account/profile')).body).toEqual(body);
    expect((await admin.get('/auth/me')).body).toMatchObject({ user: { name: 'Lady Lovelace' } });
  });

  it.each([
    ['empty', ''],
    ['of marks that turn text around', 'Ada \u202e evol'],
    ['longer than names are', 'a'.repeat(300)],
  ])('is refused when it is %s', async (_what, name) => {
    expect((await admin.patch('/account/profile', { name })).status).toBe(400);
  });

  it('is all that the profile takes', async () => {
    const answer = await admin.patch('/account/profile', { name: 'Ada', email: 'other@example.com' });
    expect(answer.status).toBe(400);
    expect((await gatehouse.browser().patch('/api/v1/account/profile', { name: 'Ada' })).status).toBe(401);
  });
});

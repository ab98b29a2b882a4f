import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addGoogle,
  addOrganisation,
  type Door,
  GOOGLE,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { itemsOf } from '../../../test/people.fixture.ts';
import { addAuthenticator, STEP_UP, VERIFY } from '../../../test/second-factor.fixture.ts';
import { registerTenant } from '../../../test/standing/people.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let google: Door;
beforeAll(async () => {
  world = await startWorld(GOOGLE);
  ({ gatehouse } = world);
  google = await addGoogle(world);
});
afterAll(() => world.close());

const byGoogle = (claims: Record<string, unknown>) => world.enter(google, claims);

describe('a second factor of who comes by a provider [threat 34]', () => {
  it('is asked for on a page that is there, and opens the session that ends with the connection', async () => {
    await registerTenant(gatehouse, 'Factored', 'factored@gmail.com');
    const claims = { sub: 'f1', email: 'factored@gmail.com', email_verified: true };
    const app = await addAuthenticator(gatehouse, (await byGoogle(claims)).browser);

    const { answer, browser } = await byGoogle(claims);
    const place = new URL(String(answer.headers.location));
    expect(place.pathname).toBe('/signin/second-factor');
    const page = await browser.get(place.pathname);
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);

    const session_token = new URLSearchParams(place.hash.slice(1)).get('token');
    const stranger = await gatehouse.browser().post(VERIFY, { session_token, totp_code: app.code() });
    expect(stranger.status).toBe(401);
    const entered = await browser.post(VERIFY, { session_token, totp_code: app.code() });
    expect(entered.status, entered.text).toBe(200);
    expect((await world.me(browser)).user).toMatchObject({ email: claims.email });
    const sessions = await gatehouse.sql<{ amr: string[]; fed: boolean }>(
      `select s.amr, s.connection_id is not null as fed from gatehouse.sessions s join gatehouse.users u on u.id = s.user_id
       where u.email = $1 and s.ended_at is null order by s.created_at`,
      [claims.email],
    );
    expect(sessions.at(-1)).toEqual({
      amr: expect.arrayContaining(['fed', 'otp', 'mfa']) as string[],
      fed: true,
    });
  });

  it('opens nothing any more, and what it had opened ends, where the tenant takes its own providers only [threat 52]', async () => {
    const { tenantId } = await registerTenant(gatehouse, 'Closing', 'closing@gmail.com');
    const claims = { sub: 'c1', email: 'closing@gmail.com', email_verified: true };
    const { browser } = await byGoogle(claims);
    const app = await addAuthenticator(gatehouse, browser);
    const late = await byGoogle(claims);
    const platform = await gatehouse.admin();
    const url = `/api/v1/tenants/${tenantId}/settings`;
    const { version } = (await platform.get(url)).body;
    const closed = await platform.patch(url, { version, settings: { signIn: { policy: 'restricted' } } });
    expect(closed.status, closed.text).toBe(200);
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    const { hash } = new URL(String(late.answer.headers.location));
    const session_token = new URLSearchParams(hash.slice(1)).get('token');
    const entered = await late.browser.post(VERIFY, { session_token, totp_code: app.code() });
    expect(entered.body.code).toBe('auth.sso_required');
  });

  it('has a page for setting one up as well', async () => {
    expect((await gatehouse.browser().get('/signin/enrol')).status).toBe(200);
  });

  it('locks after five wrong ones, which an administrator sees and lifts for who has no address to sign in with [threat 36]', async () => {
    const acme = await addOrganisation(world, 'acme');
    const { browser } = await world.enter(acme, verified('ada', 'ada@acme.example'));
    const { id } = (await world.me(browser)).user as { id: string };
    const app = await addAuthenticator(gatehouse, browser);
    const lock = async () => {
      const answers: number[] = [];
      for (let time = 1; time <= 5; time += 1)
        answers.push((await browser.post(STEP_UP, { totp_code: '000000' })).status);
      return answers.at(-1);
    };
    const isLocked = async () => [
      (await acme.admin.get(`/users/${id}`)).body.locked,
      itemsOf(await acme.admin.get('/users')).find((user) => user.id === id)?.locked,
    ];
    expect(await isLocked()).toEqual([false, false]);
    expect(await lock()).toBe(423);
    expect(await isLocked()).toEqual([true, true]);
    expect((await acme.admin.post(`/users/${id}/unlock`)).body).toMatchObject({ locked: false });
    expect((await browser.post(STEP_UP, { totp_code: app.code() })).status).toBe(200);
    const [unlocked] = itemsOf(await acme.admin.get(`/audit?action=account_unlocked&resourceId=${id}`));
    expect(unlocked).toMatchObject({ before: { failures: 5 }, after: { failures: 0 } });

    // Whoever has factors removed begins with none that were wrong.
    expect(await lock()).toBe(423);
    const reset = await acme.admin.post(`/users/${id}/reset-factors`);
    expect([reset.status, reset.body.locked]).toEqual([200, false]);
    expect(await isLocked()).toEqual([false, false]);
  });
});

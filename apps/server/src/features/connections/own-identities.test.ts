import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import { addGoogle, type Door, GOOGLE, startWorld, type World } from '../../../test/connections.fixture.ts';
import { signedIn } from '../../../test/recovery.fixture.ts';
import { PASSWORD, registerTenant } from '../../../test/standing/people.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';

let world: World;
let gatehouse: World['gatehouse'];
let google: Door;
beforeAll(async () => {
  world = await startWorld(GOOGLE);
  ({ gatehouse } = world);
  google = await addGoogle(world);
});
afterAll(() => world.close());

const enter = async (sub: string, email: string) => {
  const { answer, browser } = await world.enter(google, { sub, email, email_verified: true });
  expect(answer.status, answer.text).toBe(303);
  return browser;
};
type Item = { id: string; name: string; kind: string };
const mine = async (browser: TestBrowser) =>
  (await browser.get('/api/v1/auth/identities')).body.items as Item[];

describe('the providers’ accounts of one’s own', () => {
  it('are shown to oneself alone, and taken off with the sessions that they opened where there is another way in [threat 45]', async () => {
    await registerTenant(gatehouse, 'Owner', 'owner@gmail.com');
    const browser = await enter('o1', 'owner@gmail.com');
    const [item] = await mine(browser);
    expect(item).toMatchObject({ name: 'Google', kind: 'google' });
    const stranger = await enter('s1', 'stranger@gmail.com');
    expect(await mine(stranger)).toHaveLength(1);
    expect((await stranger.delete(`/api/v1/auth/identities/${item?.id}`)).status).toBe(404);
    const path = `/api/v1/auth/identities/${item?.id}`;
    const byPassword = await signedIn(gatehouse, { email: 'owner@gmail.com' });
    gatehouse.clock.advance({ seconds: 601 });
    expect((await browser.delete(path)).body.code).toBe('auth.insufficient_user_authentication');
    const owner = await enter('o1', 'owner@gmail.com');
    expect((await owner.delete(path)).status).toBe(204);
    // What the account at the provider opened ends with it; the session that asked, and what was opened otherwise, stays.
    gatehouse.clock.advance({ seconds: 1 });
    const statuses = [browser, owner, byPassword].map(
      async (each) => (await each.get('/api/v1/auth/identities')).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 200, 200]);
    expect(await mine(owner)).toEqual([]);
    const login = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { email: 'owner@gmail.com', password: PASSWORD });
    expect(login.status).toBe(200);
  });

  it('stay where they are the last way in, however many are taken off at once', async () => {
    const browser = await enter('l1', 'last@gmail.com');
    const [only] = await mine(browser);
    const path = (id: string | undefined) => `/api/v1/auth/identities/${id}`;
    expect((await browser.delete(path(only?.id))).body.code).toBe('users.last_way_in');
    await enter('l2', 'last@gmail.com');
    const both = await mine(browser);
    expect(both).toHaveLength(2);
    // One of the platform's is no way in where the tenant takes its own providers only.
    const { user } = (await browser.get('/api/v1/auth/me')).body as { user: { tenantId: TenantId } };
    const policy = async (value: string) => {
      await gatehouse.sql(`update gatehouse.tenants set settings = $1 where id = $2`, [
        JSON.stringify({ signIn: { policy: value } }),
        user.tenantId,
      ]);
      gatehouse.server.deps.tenantRules.forget([{ kind: 'settings', tenant_id: user.tenantId }]);
    };
    await policy('restricted');
    expect((await browser.delete(path(only?.id))).body.code).toBe('users.last_way_in');
    await policy('standard');
    const answers = await Promise.all(both.map(({ id }) => browser.clone().delete(path(id))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409]);
    expect(await mine(browser)).toHaveLength(1);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import {
  addPerson,
  call,
  PASSWORD,
  type Person,
  registerTenant,
} from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let tenantId: TenantId;
let admin: Person;
let platform: Person;
const EMAIL = 'first@acme.example';
const OTHER = 'first@other.example';

beforeAll(async () => {
  gatehouse = await startServer({ env: { REGISTRATION: 'tenant' } });
  ({ tenantId } = await registerTenant(gatehouse, 'Acme', EMAIL));
  await registerTenant(gatehouse, 'Other', OTHER);
  admin = await addPerson(gatehouse, tenantId, ['admin']);
  platform = await addPerson(gatehouse, ROOT_TENANT, ['PLATFORM_ADMIN']);
});
afterAll(() => gatehouse.close());

let made = 0;
async function addClient(who: Person, more: object = {}): Promise<{ id: string; clientId: string }> {
  made += 1;
  const body = { clientId: `app-${made}`, name: 'App', kind: 'spa', ...more };
  const answer = await call(gatehouse, who.token, { method: 'POST', url: '/api/v1/clients', body });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body as unknown as { id: string; clientId: string };
}
const act = (who: Person, id: string, what: 'suspend' | 'activate') =>
  call(gatehouse, who.token, { method: 'POST', url: `/api/v1/clients/${id}/${what}`, body: {} });
const remove = (who: Person, id: string) =>
  call(gatehouse, who.token, { method: 'DELETE', url: `/api/v1/clients/${id}` });
const login = (browser: TestBrowser, client: string | undefined, email = EMAIL, password = PASSWORD) =>
  browser.post('/api/v1/auth/login', { email, password, ...(client !== undefined && { client }) });
const me = (browser: TestBrowser, headers: Record<string, string>) => browser.get('/api/v1/auth/me', headers);
const bearer = (token: unknown) => ({ authorization: `Bearer ${String(token)}` });
const named = (clientId: string) => ({ 'x-gatehouse-client': clientId });

describe('a bearer client', () => {
  it('gets the access token in the body and the refresh token in a strict cookie, and nothing else', async () => {
    const { clientId } = await addClient(admin, { tokenMode: 'bearer' });
    const browser = gatehouse.browser();
    const answer = await login(browser, clientId);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).toSorted()).toEqual(['access_token', 'expires_in', 'token_type', 'user']);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', user: { email: EMAIL } });
    expect(answer.headers['cache-control']).toBe('no-store');
    const ofTokens = answer.cookies.filter(({ name }) => name !== '__Host-gh.device');
    expect(ofTokens).toMatchObject([
      {
        name: `__Secure-gh.${clientId}.rt`,
        httpOnly: true,
        secure: true,
        sameSite: 'Strict',
        path: '/api/v1/auth',
      },
    ]);
    expect(answer.text).not.toContain(String(ofTokens[0]?.value));
  });

  it('calls with the token alone, and is restored from the cookie after a reload', async () => {
    const { clientId } = await addClient(admin, { tokenMode: 'bearer' });
    const browser = gatehouse.browser();
    const first = await login(browser, clientId);
    const device = gatehouse.browser({ origin: undefined });
    expect((await me(device, bearer(first.body.access_token))).body).toMatchObject({
      user: { email: EMAIL },
      session: { clientId },
    });
    // The cookie of a bearer client authenticates no call.
    expect((await me(browser, named(clientId))).status).toBe(401);
    const renewed = await browser.post('/api/v1/auth/refresh', { client: clientId });
    expect(renewed.status).toBe(200);
    expect(renewed.body.access_token).not.toBe(first.body.access_token);
    expect(renewed.cookies).toMatchObject([{ name: `__Secure-gh.${clientId}.rt`, sameSite: 'Strict' }]);
    expect((await me(device, bearer(renewed.body.access_token))).status).toBe(200);
    await browser.post('/api/v1/auth/logout', { client: clientId }, bearer(renewed.body.access_token));
    expect((await me(device, bearer(renewed.body.access_token))).status).toBe(401);
  });
});

describe('a cookie client', () => {
  it('has a namespace of its own: one app’s cookies are nothing in another’s', async () => {
    const [one, two] = [await addClient(admin), await addClient(admin)];
    const browser = gatehouse.browser();
    const answer = await login(browser, one.clientId);
    expect(Object.keys(answer.body)).toEqual(['user']);
    expect(browser.cookies.has(`__Host-gh.${one.clientId}.at`)).toBe(true);
    expect((await me(browser, named(one.clientId))).body.session).toMatchObject({ clientId: one.clientId });
    expect((await me(browser, named(two.clientId))).status).toBe(401);
    expect((await me(browser, {})).status).toBe(401);
    expect((await browser.clone().post('/api/v1/auth/refresh', { client: two.clientId })).status).toBe(401);

    // Side by side with the console in one browser, each its own session.
    await login(browser, undefined);
    const sessions = [await me(browser, {}), await me(browser, named(one.clientId))].map(
      ({ body }) => (body.session as { clientId: string }).clientId,
    );
    expect(sessions).toEqual(['console', one.clientId]);
  });

  it('does not take a token that was moved into its namespace by hand', async () => {
    const { clientId } = await addClient(admin);
    const browser = gatehouse.browser();
    await login(browser, undefined);
    const stolen = browser.clone();
    stolen.cookies.set(`__Host-gh.${clientId}.at`, stolen.cookies.get('__Host-gh.console.at') ?? '');
    stolen.cookies.set(`__Secure-gh.${clientId}.rt`, stolen.cookies.get('__Secure-gh.console.rt') ?? '');
    expect((await me(stolen, named(clientId))).body.code).toBe('auth.token_invalid');
    expect((await stolen.post('/api/v1/auth/refresh', { client: clientId })).status).toBe(401);
  });

  it('sets its access cookie for its domain, in the spelling that allows one', async () => {
    const { clientId } = await addClient(admin, { cookieDomain: 'example.com' });
    const answer = await login(gatehouse.browser(), clientId);
    const access = answer.cookies.find(({ name }) => name.endsWith('.at'));
    expect(access).toMatchObject({
      name: `__Secure-gh.${clientId}.at`,
      domain: 'example.com',
      httpOnly: true,
    });
    expect(answer.cookies.find(({ name }) => name.endsWith('.rt'))).not.toHaveProperty('domain');
  });
});

describe('a client of one tenant', () => {
  it('is no way into another, which is told only to whoever knows the password', async () => {
    const { clientId } = await addClient(admin);
    const right = await login(gatehouse.browser(), clientId, OTHER);
    expect(right.status).toBe(403);
    expect(right.body.code).toBe('auth.client_not_allowed');
    expect(right.cookies).toEqual([]);
    const wrong = await login(gatehouse.browser(), clientId, OTHER, 'Wrong-Pass-1');
    expect(wrong.body.code).toBe('auth.invalid_credentials');
    expect((await login(gatehouse.browser(), clientId, 'nobody@example.com')).body.code).toBe(
      'auth.invalid_credentials',
    );
  });

  it('belongs to all when it is the root tenant’s', async () => {
    const { clientId } = await addClient(platform);
    for (const email of [EMAIL, OTHER])
      expect((await login(gatehouse.browser(), clientId, email)).status).toBe(200);
  });
});

describe('suspending and deleting a client', () => {
  it('stop its sessions at the next request, and no other’s [threat 44]', async () => {
    for (const end of [(id: string) => act(admin, id, 'suspend'), (id: string) => remove(admin, id)]) {
      const cookie = await addClient(admin);
      const token = await addClient(admin, { tokenMode: 'bearer' });
      const browser = gatehouse.browser();
      await login(browser, undefined);
      await login(browser, cookie.clientId);
      const { access_token } = (await login(browser, token.clientId)).body;
      expect((await end(cookie.id)).status).toBeLessThan(300);
      expect((await me(browser, named(cookie.clientId))).body.code).toBe('auth.session_expired');
      expect((await browser.post('/api/v1/auth/refresh', { client: cookie.clientId })).body.code).toBe(
        'auth.client_unknown',
      );
      expect((await login(gatehouse.browser(), cookie.clientId)).body.code).toBe('auth.client_unknown');
      expect((await me(browser, {})).status).toBe(200);
      expect((await me(browser, bearer(access_token))).status).toBe(200);
      await end(token.id);
      expect((await me(browser, bearer(access_token))).body.code).toBe('auth.session_expired');
    }
  });

  it('end the sessions of a client of the root tenant in every tenant', async () => {
    const { id, clientId } = await addClient(platform, { tokenMode: 'bearer' });
    const tokens = [];
    for (const email of [EMAIL, OTHER])
      tokens.push((await login(gatehouse.browser(), clientId, email)).body.access_token);
    await act(platform, id, 'suspend');
    const browser = gatehouse.browser({ origin: undefined });
    for (const token of tokens) expect((await me(browser, bearer(token))).status).toBe(401);
    expect(
      await gatehouse.sql('select id from gatehouse.sessions where client_id = $1 and ended_at is null', [
        clientId,
      ]),
    ).toEqual([]);
    const [record] = await gatehouse.sql<{ after: unknown }>(
      `select after from gatehouse.audit_records where action = 'oauth_client_suspended' and resource_id = $1`,
      [id],
    );
    expect(record?.after).toEqual({ status: 'suspended', endedSessions: 2 });
  });

  it('stop a session that was opened in the same moment, whatever came first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, clientId } = await addClient(admin, { tokenMode: 'bearer' });
      const [opened] = await Promise.all([login(gatehouse.browser(), clientId), act(admin, id, 'suspend')]);
      expect([200, 400, 401]).toContain(opened.status);
      if (opened.status !== 200) continue;
      const browser = gatehouse.browser({ origin: undefined });
      expect((await me(browser, bearer(opened.body.access_token))).status).toBe(401);
      const alive = await gatehouse.sql(
        'select from gatehouse.sessions where client_id = $1 and ended_at is null',
        [clientId],
      );
      expect(alive).toEqual([]);
    }
  });

  it('are told to the followers; activating lets people in again, and not the old sessions', async () => {
    const { id, clientId } = await addClient(admin, { tokenMode: 'bearer' });
    const browser = gatehouse.browser();
    const { access_token } = (await login(browser, clientId)).body;
    await act(admin, id, 'suspend');
    expect((await act(admin, id, 'suspend')).body.status).toBe('suspended');
    expect((await act(admin, id, 'activate')).body.status).toBe('active');
    expect((await act(admin, id, 'activate')).status).toBe(200);
    expect((await me(browser, bearer(access_token))).status).toBe(401);
    expect((await login(browser, clientId)).status).toBe(200);
    expect((await remove(admin, id)).status).toBe(204);
    expect((await remove(admin, id)).status).toBe(404);
    expect(
      await gatehouse.sql(
        `select epoch from gatehouse.revocations where kind = 'client' and subject_id = $1 order by seq`,
        [id],
      ),
    ).toEqual([{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }]);
    expect(
      await gatehouse.sql<{ action: string }>(
        'select action from gatehouse.audit_records where resource_id = $1 order by id',
        [id],
      ),
    ).toEqual(
      ['created', 'suspended', 'activated', 'deleted'].map((what) => ({ action: `oauth_client_${what}` })),
    );
  });

  it('leave nothing to whoever takes the client_id afterwards', async () => {
    const { id, clientId } = await addClient(admin, { tokenMode: 'bearer' });
    const browser = gatehouse.browser();
    const { access_token } = (await login(browser, clientId)).body;
    await remove(admin, id);
    await addClient(platform, { clientId, tokenMode: 'bearer' });
    expect((await me(browser, bearer(access_token))).body.code).toBe('auth.session_expired');
    expect((await browser.post('/api/v1/auth/refresh', { client: clientId })).body.code).toBe(
      'auth.session_expired',
    );
  });
});

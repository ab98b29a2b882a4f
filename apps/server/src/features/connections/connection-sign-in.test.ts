import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOrganisation,
  connect,
  type Organisation,
  otherEnd,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { itemsOf } from '../../../test/people.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';
import { newId } from '../../platform/ids.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme', {
    roles: [{ value: 'noc', role: 'NOC_OPERATOR' }],
  });
});
afterAll(() => world.close());

/** The next answers of a provider, altered; as it was afterwards. */
async function altered(alter: Organisation['provider']['alter'], work: () => Promise<void>): Promise<void> {
  acme.provider.alter = alter;
  try {
    await work();
  } finally {
    acme.provider.alter = {};
  }
}
const person = (name: string, more: Record<string, unknown> = {}) =>
  verified(name, `${name}@acme.example`, more);

describe('signing in by a tenant’s own provider', () => {
  it('makes a user at the first time, of the tenant and with a proved address, and finds the same one afterwards', async () => {
    const { answer, browser } = await world.enter(acme, person('first'));
    expect([answer.status, answer.headers.location]).toEqual([303, `${gatehouse.config.publicUrl}/`]);
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    const mine = await world.me(browser);
    expect(mine.user).toMatchObject({
      email: 'first@acme.example',
      tenantId: acme.tenantId,
      emailVerified: true,
    });
    expect(mine.session).toMatchObject({ amr: ['fed'] });
    expect(mine.roles).toEqual([]);
    // The address may change there, and so may the name: whom they mean stays.
    const again = await world.enter(acme, verified('first', 'renamed@acme.example'));
    expect((await world.me(again.browser)).user).toMatchObject({ id: (mine.user as { id: string }).id });
    expect(await world.usersOf('renamed@acme.example')).toEqual([]);
    const records = await gatehouse.sql<{ action: string }>(
      `select action from gatehouse.audit_records where tenant_id = $1 and (resource_id = $2::text or actor_id = $2::uuid) order by id`,
      [acme.tenantId, (mine.user as { id: string }).id],
    );
    expect(records.map(({ action }) => action)).toEqual([
      'user_created',
      'identity_linked',
      'login',
      'login',
    ]);
  });

  it('sends PKCE, state and nonce, and shows the secret to the token endpoint alone', async () => {
    const begun = await gatehouse.browser().get(`${acme.login}?returnTo=/users`);
    const to = new URL(String(begun.headers.location));
    expect(to.origin + to.pathname).toBe('https://id.acme.example/authorize');
    expect(Object.fromEntries(to.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'gatehouse',
      code_challenge_method: 'S256',
      redirect_uri: `${gatehouse.config.publicUrl}/api/v1/auth/connections/${acme.connectionId}/callback`,
      scope: 'openid email profile',
    });
    expect(to.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(to.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
    const cookie = begun.cookies.find(({ name }) => name === '__Host-gh.sso');
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
    const { answer } = await world.enter(acme, person('first'));
    expect(answer.status).toBe(303);
    const { authorization, body } = acme.provider.tokenRequests.at(-1) ?? {};
    expect(decodeURIComponent(Buffer.from(String(authorization).slice(6), 'base64').toString())).toBe(
      'gatehouse:a-secret-of-the-provider',
    );
    expect(body?.code_verifier).toMatch(/^[\w-]{43}$/);
  });

  it('goes on where the person wanted to go, and nowhere else [threat 59]', async () => {
    acme.provider.claims = person('first');
    const browser = gatehouse.browser();
    const answer = await world.providers.signIn(
      browser,
      `${acme.login}?returnTo=${encodeURIComponent('/users?sort=name#x')}`,
    );
    expect(answer.headers.location).toBe(`${gatehouse.config.publicUrl}/users?sort=name#x`);
    const refused = [
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      '//evil.example/..',
      'https://evil.example/',
      'https:evil.example',
      'javascript:alert(1)',
      'data:text/html,x',
      `${gatehouse.config.publicUrl}@evil.example/`,
      `${gatehouse.config.publicUrl}.evil.example/`,
      ' https://evil.example',
      '/ /evil.example',
      '\\\\evil.example',
      'evil.example',
      '',
      '/.//evil.example',
    ];
    for (const returnTo of refused) {
      const begun = await browser.get(`${acme.login}?returnTo=${encodeURIComponent(returnTo)}`);
      // What stays on our own origin however a browser reads it is no way out.
      const isKept =
        begun.status === 303 &&
        new URL(returnTo, `${gatehouse.config.publicUrl}/`).origin === gatehouse.config.publicUrl;
      expect(isKept || begun.body.code === 'request.invalid', returnTo).toBe(true);
    }
  });

  it('knows people by their connection: the same issuer and subject by another one are somebody else [threat 2] [threat 30]', async () => {
    await world.enter(acme, person('twin'));
    const globex = await addOrganisation(world, 'globex');
    // An administrator there connects the provider of acme, or one that says it is.
    const thief = await connect(globex.admin, { name: 'copy', issuer: acme.provider.issuer });
    acme.provider.claims = person('twin');
    const browser = gatehouse.browser();
    const answer = await world.providers.signIn(browser, `/api/v1/auth/connections/${thief}/login`);
    expect([answer.status, answer.body.code]).toEqual([403, 'auth.domain_unproved']);
    const rows = await gatehouse.sql<{ tenant_id: string }>(
      `select tenant_id from gatehouse.external_identities where subject = 'twin'`,
    );
    expect(rows).toEqual([{ tenant_id: acme.tenantId }]);
  });

  it('takes an answer once, from the browser that began, for the connection that it was begun with [threat 1] [threat 20] [threat 33]', async () => {
    acme.provider.claims = person('replayed');
    const browser = gatehouse.browser();
    const begin = async () =>
      world.providers.authorize(String((await browser.get(acme.login)).headers.location));
    const back = await begin();
    const path = `${back.pathname}${back.search}`;
    const expired = { status: 400, code: 'auth.sign_in_expired' };
    const told = ({ status, body }: { status: number; body: Record<string, unknown> }) => ({
      status,
      code: body.code,
    });
    expect(told(await gatehouse.browser().get(path))).toEqual(expired);
    const other = gatehouse.browser();
    await other.get(acme.login);
    expect(told(await other.get(path))).toEqual(expired);
    const another = await connect(acme.admin, {
      name: 'third',
      issuer: acme.provider.issuer,
      clientId: 'third',
    });
    expect(told(await browser.get(path.replace(acme.connectionId, another)))).toEqual(expired);
    expect(told(await browser.get(path.replace(acme.connectionId, newId())))).toEqual(expired);
    const state = back.searchParams.get('state') ?? '';
    expect(told(await browser.get(path.replace(state, otherEnd(state))))).toEqual(expired);
    // None of that spent it.
    expect((await browser.get(path)).status).toBe(303);
    expect(told(await browser.get(path))).toEqual(expired);
    // A head is asked for by whoever looks at a link; there is none.
    expect((await browser.request({ method: 'HEAD', url: path })).status).toBe(404);
    const late = await begin();
    gatehouse.clock.advance({ minutes: 15 });
    expect(told(await browser.get(`${late.pathname}${late.search}`))).toEqual(expired);
    await acme.admin.signInAgain();
  });

  it('lets nobody in by an answer that is not what was asked for [threat 35] [threat 61] [threat 69]', async () => {
    const failed: [string, Organisation['provider']['alter']][] = [
      ['no nonce', { token: (payload) => delete payload.nonce }],
      ['another nonce', { token: (payload) => void (payload.nonce = 'x'.repeat(43)) }],
      ['another audience', { token: (payload) => void (payload.aud = 'somebody-else') }],
      ['no audience', { token: (payload) => void (payload.aud = []) }],
      ['several audiences without azp', { token: (payload) => void (payload.aud = ['gatehouse', 'other']) }],
      ['another issuer', { token: (payload) => void (payload.iss = 'https://id.globex.example') }],
      ['expired', { token: (payload) => void (payload.exp = Math.floor(Date.now() / 1000) - 600) }],
      ['no subject', { token: (payload) => void (payload.sub = '') }],
      ['no token', { answer: ({ body }) => body !== '' && delete body.id_token }],
      ['an unsigned token', { answer: ({ body }) => unsign(body) }],
      ['a changed token', { answer: ({ body }) => forge(body) }],
      [
        'an error',
        {
          answer: (response) =>
            Object.assign(response, { statusCode: 400, body: { error: 'invalid_grant' } }),
        },
      ],
      [
        'nonsense',
        { answer: (response) => Object.assign(response, { statusCode: 200, body: { hello: 'world' } }) },
      ],
      [
        'the issuer of another provider in the address',
        { redirect: (url) => url.searchParams.set('iss', 'https://evil.example') },
      ],
      ['no code', { redirect: (url) => url.searchParams.delete('code') }],
    ];
    for (const [what, alter] of failed)
      await altered(alter, async () => {
        const { answer, browser } = await world.enter(acme, person('awkward'));
        expect([what, answer.status, answer.body.code]).toEqual([what, 502, 'auth.provider_failed']);
        expect(browser.cookies.has('__Host-gh.console.at'), what).toBe(false);
      });
    await altered(
      {
        redirect: (url) => (url.searchParams.delete('code'), url.searchParams.set('error', 'access_denied')),
      },
      async () => {
        const { answer } = await world.enter(acme, person('awkward'));
        expect([answer.status, answer.body.code]).toEqual([403, 'auth.provider_refused']);
        // Nothing of the provider's words reaches the page.
        expect(answer.text).not.toContain('access_denied');
      },
    );
    expect(await world.usersOf('awkward@acme.example')).toEqual([]);
    const records = await gatehouse.sql(
      `select id from gatehouse.audit_records where action = 'failed_login' and resource_id = $1`,
      [acme.connectionId],
    );
    expect(records.length).toBeGreaterThan(failed.length);
  });

  it('shows a person the sign-in page, which says what was wrong and where they wanted to go', async () => {
    const browser = gatehouse.browser();
    acme.provider.claims = verified('p', 'x@victim.example');
    const begun = await browser.get(`${acme.login}?returnTo=/users`, { accept: 'text/html' });
    const back = await world.providers.authorize(String(begun.headers.location));
    const answer = await browser.get(`${back.pathname}${back.search}`, { accept: 'text/html,*/*' });
    expect([answer.status, answer.headers.location]).toEqual([
      303,
      `${gatehouse.config.publicUrl}/signin?problem=auth.domain_unproved&returnTo=%2Fusers`,
    ]);
  });

  it('reads the address from the user-info endpoint where the token has none, of the same subject only', async () => {
    acme.provider.userInfo = { email: 'quiet@acme.example', email_verified: true, sub: 'quiet' };
    expect((await world.enter(acme, { sub: 'quiet' })).answer.status).toBe(303);
    acme.provider.userInfo = { email: 'quiet@acme.example', email_verified: true, sub: 'somebody-else' };
    const other = await world.enter(acme, { sub: 'loud' });
    expect([other.answer.status, other.answer.body.code]).toEqual([502, 'auth.provider_failed']);
    acme.provider.userInfo = {};
  });

  it('lets nobody in who is suspended, nor by a tenant that is [threat 44]', async () => {
    const { browser } = await world.enter(acme, person('leaver'));
    const { id } = (await world.me(browser)).user as { id: string };
    expect((await acme.admin.post(`/users/${id}/suspend`)).status).toBe(200);
    const again = await world.enter(acme, person('leaver'));
    expect([again.answer.status, again.answer.body.code]).toEqual([403, 'auth.no_account']);
    const umbrella = await addOrganisation(world, 'umbrella');
    await gatehouse.sql(`update gatehouse.tenants set status = 'suspended' where id = $1`, [
      umbrella.tenantId,
    ]);
    expect((await gatehouse.browser().get(umbrella.login)).body.code).toBe('auth.connection_disabled');
  });

  it('stops when the connection is taken out of service: answers on their way, sessions, renewals, switches [threat 45]', async () => {
    const initech = await addOrganisation(world, 'initech');
    const { browser } = await world.enter(initech, verified('peter', 'peter@initech.example'));
    const idle = browser.clone();
    initech.provider.claims = verified('milton', 'milton@initech.example');
    const away = gatehouse.browser();
    const back = await world.providers.authorize(String((await away.get(initech.login)).headers.location));
    const disabled = await initech.admin.post(`/connections/${initech.connectionId}/disable`);
    expect(disabled.body).toMatchObject({ status: 'disabled' });
    const late = await away.get(`${back.pathname}${back.search}`);
    expect([late.status, late.body.code]).toEqual([403, 'auth.connection_disabled']);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect((await idle.post('/api/v1/auth/refresh')).status).toBe(401);
    expect((await gatehouse.browser().get(initech.login)).body.code).toBe('auth.connection_disabled');
    const [row] = await gatehouse.sql<{ n: number }>(
      `select count(*)::int as n from gatehouse.revocations where kind = 'session' and tenant_id = $1`,
      [initech.tenantId],
    );
    expect(row?.n).toBe(1);
    const records = itemsOf(await initech.admin.get('/audit?action=connection_disabled'));
    expect(records[0]).toMatchObject({ after: { status: 'disabled', endedSessions: 1 } });
  });

  it('has the password of nobody: an account of a connection has no way in by its address', async () => {
    const { answer } = await world.enter(acme, person('nopassword'));
    expect(answer.status).toBe(303);
    const login = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { email: 'nopassword@acme.example', password: PASSWORD });
    expect(login.body.code).toBe('auth.invalid_credentials');
  });
});

function unsign(body: Record<string, unknown> | ''): void {
  if (body === '') return;
  const [, payload] = String(body.id_token).split('.');
  body.id_token = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
}
function forge(body: Record<string, unknown> | ''): void {
  if (body === '') return;
  const [header, payload = '', signature] = String(body.id_token).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
  body.id_token = `${header}.${other}.${signature}`;
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import {
  addOrganisation,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../../test/connections.fixture.ts';
import { addOwner, FORGOT, LOGIN, mailedTo, RESET } from '../../../../test/recovery.fixture.ts';
import {
  addAuthenticator,
  enrolAtSignIn,
  ME,
  STEP_UP,
  VERIFY,
} from '../../../../test/second-factor.fixture.ts';
import { tokenIn } from '../../../../test/server.fixture.ts';
import {
  beginStepUp,
  BY_CONNECTION,
  isRecent,
  sessionOf,
  stepUpBy,
} from '../../../../test/step-up.fixture.ts';
import { PASSWORD } from '../../../../test/standing/people.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
beforeAll(async () => {
  world = await startWorld({ GITHUB_CLIENT_ID: 'github-client', GITHUB_CLIENT_SECRET: 'github-secret' });
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme');
});
afterAll(() => world.close());

const ASKED = 'auth.insufficient_user_authentication';
const REFUSED = '/settings#not-proved=auth.not_proved_anew';
const ago = (minutes: number) =>
  new Date(Math.floor(gatehouse.clock.now().getTime() / 1000) * 1000 - minutes * 60_000);
const claimsOf = (browser: TestBrowser) =>
  JSON.parse(
    Buffer.from(
      String(browser.cookies.get('__Host-gh.console.at')).split('.')[1] ?? '',
      'base64url',
    ).toString(),
  ) as Record<string, unknown>;

/** Signs in; the provider says when that person proved to it who they are. */
async function enter(name: string, provedAt: Date | 'now' | 'not said', at: Organisation = acme) {
  at.provider.provedAt = provedAt;
  const { answer, browser } = await world.enter(
    at,
    verified(name, `${name}@${new URL(at.provider.issuer).host.slice(3)}`),
  );
  expect(answer.status, answer.text).toBe(303);
  return browser;
}

describe('the proof of a session that a provider let in', () => {
  it('is as old as the provider says, and never younger than now [threat 35]', async () => {
    const old = await enter('old', ago(60));
    expect([await isRecent(old), (await sessionOf(old)).authTime]).toEqual([ASKED, ago(60).toISOString()]);
    expect(claimsOf(old).auth_time).toBe(ago(60).getTime() / 1000);
    const fresh = await enter('fresh', ago(5));
    expect(await isRecent(fresh)).toBe(true);
    gatehouse.clock.advance({ minutes: 6 });
    expect(await isRecent(fresh)).toBe(ASKED);
    await acme.admin.signInAgain();
    const ahead = await enter('ahead', ago(-1));
    expect((await sessionOf(ahead)).authTime).toBe(gatehouse.clock.now().toISOString());
  });

  it('is not known where the provider does not say: the session opens, and is not recent', async () => {
    const browser = await enter('unsaid', 'not said');
    expect([(await sessionOf(browser)).authTime, await isRecent(browser)]).toEqual([null, ASKED]);
    expect(claimsOf(browser)).not.toHaveProperty('auth_time');
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(200);
    expect([(await sessionOf(browser)).authTime, await isRecent(browser)]).toEqual([null, ASKED]);
    // Zero is what some write who do not know.
    expect((await sessionOf(await enter('zero', new Date(0)))).authTime).toBe(null);
  });

  it('is none where the provider names a time to come, or nonsense', async () => {
    for (const auth_time of [Math.floor(ago(-10).getTime() / 1000), -5, 'now', null, 1e300]) {
      const { answer, browser } = await world.enter(acme, verified('odd', 'odd@acme.example', { auth_time }));
      expect([auth_time, answer.body.code]).toEqual([auth_time, 'auth.provider_failed']);
      expect((await browser.get(ME)).status).toBe(401);
    }
  });
});

describe('a step-up by the provider', () => {
  it('asks it to have the person prove anew who they are, and believes what it says of that alone [threat 35]', async () => {
    const browser = await enter('ada', ago(60));
    const refused = await browser.post('/api/v1/auth/factors/totp');
    expect(String(refused.headers['www-authenticate'])).toMatch(/max_age="600"/);
    expect(String(refused.headers['www-authenticate'])).not.toContain('acr_values');
    const before = await sessionOf(browser);
    const asked = await beginStepUp(browser);
    expect(asked.searchParams.get('max_age')).toBe('0');
    expect(asked.searchParams.has('prompt')).toBe(false);
    // It answers without asking anybody: by its own session, whatever was asked, or taken out of the request on the way.
    for (const provedAt of [ago(60), ago(9), 'not said'] as const) {
      acme.provider.provedAt = provedAt;
      expect(await stepUpBy(world, browser)).toBe(REFUSED);
      expect([(await sessionOf(browser)).id, await isRecent(browser)]).toEqual([before.id, ASKED]);
    }
    const thief = browser.clone();
    acme.provider.provedAt = 'now';
    expect(await stepUpBy(world, browser)).toBe(`/settings#proved=${acme.connectionId}`);
    const after = await sessionOf(browser);
    expect(after.id).not.toBe(before.id);
    expect(after.expiresAt).toBe(before.expiresAt);
    expect(Date.parse(String(after.authTime))).toBeGreaterThan(Date.parse(String(before.authTime)));
    expect(await isRecent(browser)).toBe(true);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await thief.get(ME)).status).toBe(401);
    const records = await gatehouse.sql<{ after: Record<string, unknown> }>(
      `select after from gatehouse.audit_records where action = 'session_stepped_up' and tenant_id = $1`,
      [acme.tenantId],
    );
    expect(records.map(({ after: { connection } }) => connection)).toEqual([acme.connectionId]);
    // An ordinary sign-in asks nobody anew.
    const begun = await gatehouse.browser().get(acme.login);
    expect(String(begun.headers.location)).not.toContain('max_age');
  });

  it('asks for a log-in besides where the provider says that it takes that', async () => {
    const other = await addOrganisation(world, 'prompting');
    other.provider.alter.metadata = (body) =>
      Object.assign(body, { prompt_values_supported: ['none', 'login'] });
    gatehouse.clock.advance({ seconds: 1 });
    const renamed = await other.admin.patch(`/connections/${other.connectionId}`, { name: 'Prompting' });
    expect(renamed.status).toBe(200);
    const asked = await beginStepUp(await enter('pat', 'now', other));
    expect(asked.searchParams.get('prompt')).toBe('login');
  });

  it('is of the very person, the very session and the very browser, and once [threat 33]', async () => {
    const mine = await enter('mine', ago(60));
    await enter('theirs', ago(60));
    acme.provider.provedAt = 'now';
    // Another account there, of somebody else here or of nobody.
    for (const name of ['theirs', 'unknown']) {
      acme.provider.claims = verified(name, `${name}@acme.example`);
      expect(await stepUpBy(world, mine)).toBe('/settings#not-proved=auth.other_account');
    }
    expect(await world.usersOf('unknown@acme.example')).toEqual([]);
    acme.provider.claims = verified('mine', 'mine@acme.example');
    const back = await world.providers.authorize((await beginStepUp(mine)).href);
    const path = `${back.pathname}${back.search}`;
    expect((await gatehouse.browser().get(path)).body.code).toBe('auth.sign_in_expired');
    // Somebody else has signed in over it meanwhile.
    const over = mine.clone();
    const other = await enter('theirs', 'now');
    for (const [name, value] of other.cookies) if (name.includes('console')) over.cookies.set(name, value);
    expect((await over.get(path)).body.code).toBe('auth.sign_in_expired');
    expect((await mine.get(path)).body.code).toBe('auth.sign_in_expired');
    expect(await isRecent(mine)).toBe(ASKED);
    // The session has ended meanwhile.
    acme.provider.claims = verified('mine', 'mine@acme.example');
    const late = await world.providers.authorize((await beginStepUp(mine)).href);
    const signedOut = mine.clone();
    expect((await mine.post('/api/v1/auth/logout')).status).toBe(204);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await signedOut.get(`${late.pathname}${late.search}`)).body.code).toBe('auth.sign_in_expired');
    expect((await gatehouse.browser().post(BY_CONNECTION)).body.code).toBe('auth.unauthenticated');
    const elsewhere = await other.post(BY_CONNECTION, { returnTo: 'https://evil.example/' });
    expect(elsewhere.body.code).toBe('request.invalid');
  });

  it('makes no second factor recent, and a factor at sign-in is a proof of now', async () => {
    const browser = await enter('factored', 'now');
    const app = await addAuthenticator(gatehouse, browser);
    const refused = await browser.post(BY_CONNECTION);
    expect([refused.body.code, String(refused.headers['www-authenticate'])]).toEqual([
      ASKED,
      expect.stringContaining('acr_values="2"'),
    ]);
    acme.provider.provedAt = ago(60);
    const { answer, browser: again } = await world.enter(acme, verified('factored', 'factored@acme.example'));
    const { hash } = new URL(String(answer.headers.location));
    const session_token = new URLSearchParams(hash.slice(1)).get('token');
    expect((await again.post(VERIFY, { session_token, totp_code: app.code() })).status).toBe(200);
    expect(await isRecent(again)).toBe(true);
    // One that was added while its owner was away counts as well.
    const racing = await enter('racing', 'now');
    const back = await world.providers.authorize((await beginStepUp(racing)).href);
    await addAuthenticator(gatehouse, racing.clone());
    expect((await racing.get(`${back.pathname}${back.search}`)).status).toBe(400);
  });

  it('is not there for who came another way', async () => {
    const browser = await gatehouse.admin();
    expect((await browser.post(BY_CONNECTION)).body.code).toBe('resource.not_found');
  });
});

describe('a provider that does not say when, in a tenant that takes its own providers only', () => {
  const settingsOf = ({ tenantId }: Organisation) => `/api/v1/tenants/${tenantId}/settings`;
  const change = async (by: TestBrowser, at: Organisation, settings: Record<string, unknown>) => {
    const { version } = (await by.get(settingsOf(at))).body;
    const { status, body } = await by.patch(settingsOf(at), { version, settings });
    return status === 200 ? true : body;
  };
  const code = 'settings.locks_you_out';
  const restricted = { signIn: { policy: 'restricted' } };
  const standard = { signIn: { policy: 'standard' } };

  it('is made the only way in by nobody who could not undo it [threat 52]', async () => {
    const silent = await addOrganisation(world, 'silent');
    const email = 'owner@silent.example';
    await addOwner(gatehouse, { email, tenantId: silent.tenantId, roles: ['admin'] });
    silent.provider.provedAt = 'not said';
    const { answer, browser } = await world.enter(silent, verified('owner', email));
    expect(answer.status, answer.text).toBe(303);
    expect(await change(browser, silent, restricted)).toMatchObject({ code: ASKED });
    expect((await browser.post(STEP_UP, { password: PASSWORD })).status).toBe(200);
    const refusal = { code, detail: expect.stringContaining('authenticator app') as string };
    expect(await change(browser, silent, restricted)).toMatchObject(refusal);
    // Nor by a change of the password, which is a proof as well.
    const newPassword = 'Quite-Another-9';
    const { browser: other } = await world.enter(silent, verified('owner', email));
    const changed = await other.post('/api/v1/auth/password/change', {
      currentPassword: PASSWORD,
      newPassword,
    });
    expect(changed.status, changed.text).toBe(200);
    expect(await change(other, silent, restricted)).toMatchObject(refusal);
    const app = await addAuthenticator(gatehouse, other);
    expect((await other.post(STEP_UP, { totp_code: app.code() })).status).toBe(200);
    expect(await change(other, silent, restricted)).toBe(true);
    gatehouse.clock.advance({ minutes: 11 });
    expect(await change(other, silent, standard)).toMatchObject({ code: ASKED });
    expect((await other.post(STEP_UP, { totp_code: app.code() })).status).toBe(200);
    expect(await change(other, silent, standard)).toBe(true);
  });

  it('leaves its administrators without a recent proof, and with one once the platform demands second factors', async () => {
    const mute = await addOrganisation(world, 'mute');
    const platform = await gatehouse.admin();
    const ivan = await enter('ivan', 'not said', mute);
    const { id } = (await ivan.get(ME)).body.user as { id: string };
    const [member] = await gatehouse.sql<{ id: string }>(
      'select id from gatehouse.memberships where user_id = $1',
      [id],
    );
    await mute.admin.post('/role-assignments', { principalId: member?.id, role: 'admin' });
    gatehouse.clock.advance({ seconds: 1 });
    expect(await change(platform, mute, restricted)).toBe(true);
    expect(await change(ivan, mute, standard)).toMatchObject({ code: ASKED });
    expect(await stepUpBy(world, ivan)).toBe(REFUSED);
    await ivan.post(FORGOT, { email: 'ivan@mute.example' });
    expect(await mailedTo(gatehouse, 'ivan@mute.example')).toEqual([]);
    expect(await change(platform, mute, { mfa: { policy: 'mandatory' } })).toBe(true);
    gatehouse.clock.advance({ seconds: 2 });
    // It says nothing when it is asked anew either, and does not claim to.
    const { answer, browser } = await world.enter(mute, verified('ivan', 'ivan@mute.example'));
    const back = await world.providers.authorize(String(answer.headers.location));
    const asked = await browser.get(`${back.pathname}${back.search}`);
    const app = await enrolAtSignIn(gatehouse, browser, new URL(String(asked.headers.location)));
    expect(await change(browser, mute, standard)).toMatchObject({ code: ASKED });
    gatehouse.clock.advance({ seconds: 30 });
    expect((await browser.post(STEP_UP, { totp_code: app.code() })).status).toBe(200);
    expect(await change(browser, mute, standard)).toBe(true);
  });
});

describe('GitHub, which says nothing of when', () => {
  it('makes no proof recent, says so, and a password that is set by mail is the way on', async () => {
    const github = await world.providers.add('https://github.com', {
      aliases: {
        'https://github.com/login/oauth/authorize': '/authorize',
        'https://github.com/login/oauth/access_token': '/token',
        'https://api.github.com': '',
      },
    });
    github.alter.answer = ({ body }) => void (body !== '' && delete body.id_token);
    const email = 'mona@octo.example';
    github.rest = {
      '/user': { id: 7, login: 'mona' },
      '/user/emails': [{ email, primary: true, verified: true }],
    };
    const browser = gatehouse.browser();
    expect((await world.providers.signIn(browser, '/api/v1/auth/github/login')).status).toBe(303);
    expect([(await sessionOf(browser)).authTime, await isRecent(browser)]).toEqual([null, ASKED]);
    const refused = await browser.post(BY_CONNECTION);
    expect([refused.status, refused.body.code]).toEqual([403, 'auth.not_proved_anew']);
    expect(refused.body.detail).toContain('GitHub');
    await browser.post(FORGOT, { email });
    const token = tokenIn((await mailedTo(gatehouse, email)).at(-1));
    const password = 'Quite-Another-9';
    expect((await browser.post(RESET, { token, password })).status).toBe(204);
    const again = gatehouse.browser();
    expect((await again.post(LOGIN, { email, password })).status).toBe(200);
    expect(await isRecent(again)).toBe(true);
  });
});

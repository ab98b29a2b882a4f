import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, TestBrowser } from '../../../test/browser.fixture.ts';
import {
  addGoogle,
  addOrganisation,
  type Door,
  GOOGLE,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { mailedTo, recordsOf } from '../../../test/recovery.fixture.ts';
import { makeKey, readRequest, respond } from '../../../test/saml-provider.fixture.ts';
import { addSamlOrganisation, comeBack } from '../../../test/saml.fixture.ts';
import { addPerson, type Person, signIn } from '../../../test/standing/people.fixture.ts';
import type { TenantId } from '../../platform/ids.ts';
import { PLATFORM_CONNECTIONS } from './platform-connections.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
let globex: Organisation;
let google: Door;
beforeAll(async () => {
  world = await startWorld({
    ...GOOGLE,
    AUTH_ALLOWED_EMAIL_DOMAINS: 'acme.example,globex.example,hooli.example,people.example',
  });
  ({ gatehouse } = world);
  google = await addGoogle(world);
  acme = await addOrganisation(world, 'acme');
  globex = await addOrganisation(world, 'globex');
});
afterAll(() => world.close());

const IDENTITIES = '/api/v1/auth/identities';
const html = { accept: 'text/html' };
const GOOGLE_ID = PLATFORM_CONNECTIONS.google;
const items = async (browser: TestBrowser, path = IDENTITIES) =>
  (await browser.get(path)).body.items as { id: string; name: string; connectionId: string }[];

/** A browser with a fresh session, as cookies. */
async function browserOf({ token }: Pick<Person, 'token'>): Promise<TestBrowser> {
  const browser = gatehouse.browser();
  browser.cookies.set('__Host-gh.console.at', token);
  const me = await browser.get('/api/v1/auth/me');
  expect(me.status, me.text).toBe(200);
  return browser;
}
async function newcomer(name: string, tenantId: TenantId = acme.tenantId) {
  const person = await addPerson(gatehouse, tenantId, [], `${name}@acme.example`);
  return { person, browser: await browserOf(person) };
}
/** To the provider and back, as far as the address of our callback. */
async function begin(browser: TestBrowser, connectionId: string = GOOGLE_ID): Promise<string> {
  const begun = await browser.post(IDENTITIES, { connectionId });
  expect(begun.status, begun.text).toBe(200);
  const back = await world.providers.authorize(String(begun.body.authorizationUrl));
  return `${back.pathname}${back.search}`;
}
const codeOf = ({ status, body }: Answer) => body.code ?? status;
const linksOf = async ({ userId }: Person) =>
  (await gatehouse.sql('select id from gatehouse.external_identities where user_id = $1', [userId])).length;

describe('linking a provider’s account from the account page', () => {
  it('lets it enter from then on, whatever its address, opens no session, and tells the owner [threat 41]', async () => {
    const { person, browser } = await newcomer('ada');
    expect((await items(browser, `${IDENTITIES}/available`)).map(({ name }) => name)).toEqual([
      'acme',
      'Google',
    ]);
    google.provider.claims = verified('ada-at-google', 'somebody.else@gmail.com');
    const answer = await browser.get(await begin(browser));
    expect(answer.headers.location).toBe(`${gatehouse.config.publicUrl}/#linked=${GOOGLE_ID}`);
    expect(answer.cookies).toEqual([]);
    expect((await items(browser)).map(({ connectionId }) => connectionId)).toEqual([GOOGLE_ID]);
    expect((await items(browser, `${IDENTITIES}/available`)).map(({ name }) => name)).toEqual(['acme']);
    const [record] = await recordsOf(gatehouse, 'identity_linked', person.userId);
    expect(record?.after).toMatchObject({ connection: GOOGLE_ID, issuer: 'https://accounts.google.com' });
    const [mail, ...more] = await mailedTo(gatehouse, person.email);
    expect(mail?.subject).toContain('was linked to your account');
    expect(mail?.text).not.toContain('ada-at-google');
    expect(more).toEqual([]);
    const sessions = await gatehouse.sql('select id from gatehouse.sessions where user_id = $1', [
      person.userId,
    ]);
    expect(sessions).toHaveLength(1);
    const entered = await world.enter(google, verified('ada-at-google', 'somebody.else@gmail.com'));
    expect((await world.me(entered.browser)).user).toMatchObject({ id: person.userId });
    // Another account of the same provider enters as well; the same once more changes nothing and tells nobody.
    google.provider.claims = verified('ada-at-home', 'ada@gmail.com');
    expect(codeOf(await browser.get(await begin(browser)))).toBe(303);
    expect(codeOf(await browser.get(await begin(browser)))).toBe(303);
    expect(await linksOf(person)).toBe(2);
    expect(await mailedTo(gatehouse, person.email)).toHaveLength(2);
  });

  it('links by SAML alike', async () => {
    const hooli = await addSamlOrganisation(world, 'hooli', { key: await makeKey('hooli') });
    const person = await addPerson(gatehouse, hooli.tenantId, []);
    const browser = await browserOf(person);
    const begun = await browser.post(IDENTITIES, { connectionId: hooli.connectionId });
    const request = await readRequest(String(begun.body.authorizationUrl));
    const xml = await respond(hooli, request, { nameId: 'gavin', email: 'gavin@hooli.example' });
    const answer = await comeBack(world, browser, hooli.acs, request, xml);
    expect(answer.headers.location).toContain(`/#linked=${hooli.connectionId}`);
    expect(await linksOf(person)).toBe(1);
  });

  it('is begun by whoever has just proved who they are, with a provider of their own or of the platform', async () => {
    const { person, browser } = await newcomer('begins');
    const ask = async (connectionId: string, by = browser) =>
      codeOf(await by.post(IDENTITIES, { connectionId }));
    expect(await ask(globex.connectionId)).toBe('resource.not_found');
    expect(await ask('0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11')).toBe('resource.not_found');
    expect(await ask(PLATFORM_CONNECTIONS.github)).toBe('resource.not_found');
    expect(await ask('google')).toBe('request.invalid');
    const forged = await browser.post(IDENTITIES, { connectionId: GOOGLE_ID }, { 'x-csrf-token': 'x' });
    expect(codeOf(forged)).toBe('auth.csrf_refused');
    expect(await ask(GOOGLE_ID, gatehouse.browser())).toBe('auth.unauthenticated');
    gatehouse.clock.advance({ seconds: 601 });
    const late = await browser.post(IDENTITIES, { connectionId: GOOGLE_ID });
    expect([late.status, late.body.code]).toEqual([401, 'auth.insufficient_user_authentication']);
    expect(await linksOf(person)).toBe(0);
  });

  it('links nothing by an answer that another browser began [threat 20]', async () => {
    const attacker = await newcomer('attacker');
    const victim = await newcomer('victim');
    google.provider.claims = verified('attacker-at-google', 'attacker@gmail.com');
    const path = await begin(attacker.browser);
    // With an attempt of the victim's own under way, too.
    await begin(victim.browser);
    expect(codeOf(await victim.browser.get(path))).toBe('auth.sign_in_expired');
    expect(await linksOf(victim.person)).toBe(0);
    // It was refused, not spent.
    expect(codeOf(await attacker.browser.get(path))).toBe(303);
  });

  it('links for the session that asked, and for no other that came in its place [threat 19]', async () => {
    const { person, browser } = await newcomer('session');
    google.provider.claims = verified('session-at-google', 'session@gmail.com');
    const path = await begin(browser);
    // Somebody else signs in over it, in the same browser, and then comes back from the provider.
    const next = await newcomer('next');
    browser.cookies.set('__Host-gh.console.at', next.person.token);
    const answer = await browser.get(path, html);
    expect(answer.headers.location).toBe(`${gatehouse.config.publicUrl}/#not-linked=auth.sign_in_expired`);
    // Another session of the same person counts as little, and none at all, too.
    const own = await browserOf(person);
    const second = await begin(own);
    const again = await signIn(gatehouse, person.tenantId, person.userId);
    own.cookies.set('__Host-gh.console.at', again.accessToken);
    expect(codeOf(await own.get(second))).toBe('auth.sign_in_expired');
    const third = await begin(await browserOf(person).then((fresh) => Object.assign(own, fresh)));
    own.cookies.delete('__Host-gh.console.at');
    expect(codeOf(await own.get(third))).toBe('auth.sign_in_expired');
    expect([await linksOf(person), await linksOf(next.person)]).toEqual([0, 0]);
    const [record] = await recordsOf(gatehouse, 'identity_link_refused', person.userId);
    expect(record?.after).toMatchObject({ connection: GOOGLE_ID, verdict: 'auth.sign_in_expired' });
  });

  it('links nothing once the session, the account or the connection has ended, or where sign-in would be refused', async () => {
    google.provider.claims = verified('ended-at-google', 'ended@gmail.com');
    const ended = await newcomer('ended');
    const path = await begin(ended.browser);
    expect((await ended.browser.clone().post('/api/v1/auth/logout')).status).toBe(204);
    expect(codeOf(await ended.browser.get(path))).toBe('auth.sign_in_expired');
    const idle = await newcomer('idle');
    const late = await begin(idle.browser);
    await gatehouse.sql('update gatehouse.sessions set idle_expires_at = $2 where user_id = $1', [
      idle.person.userId,
      gatehouse.clock.now(),
    ]);
    gatehouse.clock.advance({ seconds: 2 });
    expect(codeOf(await idle.browser.get(late))).toBe('auth.sign_in_expired');
    const moved = await newcomer('moved');
    const elsewhere = await begin(moved.browser);
    await gatehouse.sql(`update gatehouse.users set email = 'moved@else.example' where id = $1`, [
      moved.person.userId,
    ]);
    expect(codeOf(await moved.browser.get(elsewhere))).toBe('auth.sign_in_refused');
    const strict = await newcomer('strict');
    const before = await begin(strict.browser);
    await setPolicy('restricted');
    expect(codeOf(await strict.browser.get(before))).toBe('auth.sso_required');
    expect(codeOf(await strict.browser.post(IDENTITIES, { connectionId: GOOGLE_ID }))).toBe(
      'auth.sso_required',
    );
    expect((await items(strict.browser, `${IDENTITIES}/available`)).map(({ name }) => name)).toEqual([
      'acme',
    ]);
    await setPolicy('standard');
    const own = await begin(strict.browser, acme.connectionId);
    await acme.admin.signInAgain();
    const disabled = await acme.admin.post(`/connections/${acme.connectionId}/disable`);
    expect(disabled.status, disabled.text).toBe(200);
    expect(codeOf(await strict.browser.get(own))).toBe('auth.connection_disabled');
    await acme.admin.post(`/connections/${acme.connectionId}/enable`);
    for (const { person } of [ended, idle, moved, strict]) expect(await linksOf(person)).toBe(0);
  });

  it('refuses what enters somebody else, and does not say whom [threat 21]', async () => {
    const owner = await newcomer('owner');
    google.provider.claims = verified('taken', 'taken@gmail.com');
    expect(codeOf(await owner.browser.get(await begin(owner.browser)))).toBe(303);
    // Of this organisation or another: the answer is the same.
    for (const tenantId of [acme.tenantId, globex.tenantId]) {
      const { person, browser } = await newcomer(`rival-${tenantId.slice(-4)}`, tenantId);
      const answer = await browser.get(await begin(browser));
      expect(answer.body).toMatchObject({ status: 409, code: 'auth.identity_in_use' });
      expect(answer.text).not.toContain('owner');
      expect(answer.text).not.toContain(owner.person.userId);
      expect(await linksOf(person)).toBe(0);
      expect(await mailedTo(gatehouse, person.email)).toEqual([]);
    }
    expect(await linksOf(owner.person)).toBe(1);
  });

  const setPolicy = async (policy: string) => {
    await gatehouse.sql('update gatehouse.tenants set settings = $1 where id = $2', [
      JSON.stringify({ signIn: { policy } }),
      acme.tenantId,
    ]);
    gatehouse.server.deps.tenantRules.forget([{ kind: 'settings', tenant_id: acme.tenantId }]);
  };
});

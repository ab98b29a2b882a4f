import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../../test/browser.fixture.ts';
import { startWorld, type World } from '../../../../test/connections.fixture.ts';
import { setRules } from '../../../../test/mail-sign-in.fixture.ts';
import { addOwner, CHANGE, LOGIN } from '../../../../test/recovery.fixture.ts';
import { forge, makeKey, readRequest } from '../../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  beginSaml,
  comeBack,
  createSamlEntering,
  person,
  postResponse,
  type SamlOrganisation,
  told,
} from '../../../../test/saml.fixture.ts';
import { addAuthenticator, ME, VERIFY } from '../../../../test/second-factor.fixture.ts';
import { PASSWORD } from '../../../../test/standing/people.fixture.ts';
import { beginStepUp, isRecent, landed, sessionOf } from '../../../../test/step-up.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: SamlOrganisation;
let saml: ReturnType<typeof createSamlEntering>;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  saml = createSamlEntering(world);
  acme = await addSamlOrganisation(world, 'acme', { key: await makeKey('acme') });
});
afterAll(() => world.close());

const ASKED = 'auth.insufficient_user_authentication';
const iso = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
/** What the statement of the provider says of its session, in place of "now" and nothing. */
const session = (attributes: string) => ({
  edit: (xml: string) => xml.replace(/<saml:AuthnStatement [^>]*\/>/, `<saml:AuthnStatement ${attributes}/>`),
});
const instant = (minutes: number) => session(`AuthnInstant="${iso(minutes)}"`);
const xmlOf = (request: { query: Record<string, string> }) =>
  inflateRawSync(Buffer.from(String(request.query.SAMLRequest), 'base64')).toString();

async function stepUp(
  browser: TestBrowser,
  nameId: string,
  how: ReturnType<typeof session>,
): Promise<unknown> {
  const request = await readRequest((await beginStepUp(browser)).href);
  expect(xmlOf(request)).toContain('ForceAuthn="true"');
  const posted = await postResponse(world, acme.acs, {
    SAMLResponse: Buffer.from(forge(acme, request, person(nameId), how)).toString('base64'),
    RelayState: request.query.RelayState ?? '',
  });
  const { pathname, search } = new URL(String(posted.headers.location));
  return landed(world, await browser.get(pathname + search, { accept: 'text/html' }));
}

describe('the time of a sign-in by SAML', () => {
  it('is that of the AuthnInstant, which a step-up has the provider make anew [threat 35]', async () => {
    expect(xmlOf(await beginSaml(gatehouse.browser(), acme.login))).not.toContain('ForceAuthn');
    const { browser } = await saml.enterForged(acme, person('ada'), instant(-60));
    expect(await isRecent(browser)).toBe(ASKED);
    const before = await sessionOf(browser);
    expect(Date.parse(String(before.authTime))).toBeLessThan(gatehouse.clock.now().getTime() - 3_500_000);
    expect(await stepUp(browser, 'ada', instant(-60))).toBe('/settings#not-proved=auth.not_proved_anew');
    expect(await stepUp(browser, 'ada', session('SessionIndex="x"'))).toBe(
      '/settings#not-proved=auth.not_proved_anew',
    );
    expect(await stepUp(browser, 'another', instant(0))).toBe('/settings#not-proved=auth.other_account');
    expect([(await sessionOf(browser)).id, await isRecent(browser)]).toEqual([before.id, ASKED]);
    expect(await stepUp(browser, 'ada', instant(0))).toBe(`/settings#proved=${acme.connectionId}`);
    expect(await isRecent(browser)).toBe(true);
    expect((await sessionOf(browser)).expiresAt).toBe(before.expiresAt);
  });

  it('is of now before a first factor is set up where the tenant demands one [threat 35]', async () => {
    await setRules(gatehouse, acme.tenantId, { mfa: { policy: 'mandatory', rememberDays: 0 } });
    for (const [said, place] of [
      [instant(-60), '/signin?problem=auth.not_proved_anew'],
      [session('SessionIndex="x"'), '/signin?problem=auth.not_proved_anew'],
      [instant(0), '/signin/enrol'],
    ] as const) {
      const { answer, browser } = await saml.enterForged(acme, person('eve'), instant(-60));
      const request = await readRequest(String(answer.headers.location));
      expect(xmlOf(request)).toContain('ForceAuthn="true"');
      const posted = await postResponse(world, acme.acs, {
        SAMLResponse: Buffer.from(forge(acme, request, person('eve'), said)).toString('base64'),
        RelayState: request.query.RelayState ?? '',
      });
      const { pathname, search } = new URL(String(posted.headers.location));
      const back = await browser.get(pathname + search, { accept: 'text/html' });
      expect(String(landed(world, back))).toContain(place);
    }
    await setRules(gatehouse, acme.tenantId, { mfa: { policy: 'optional', rememberDays: 0 } });
  });

  it('is that of the older of two statements, and not known where there is none', async () => {
    const two = {
      edit: (xml: string) =>
        xml.replace(
          '<saml:AuthnStatement ',
          `<saml:AuthnStatement AuthnInstant="${iso(-60)}"/><saml:AuthnStatement `,
        ),
    };
    const { browser } = await saml.enterForged(acme, person('two'), two);
    expect(await isRecent(browser)).toBe(ASKED);
    const unsaid = await saml.enterForged(acme, person('unsaid'), session('SessionIndex="x"'));
    expect([(await sessionOf(unsaid.browser)).authTime, await isRecent(unsaid.browser)]).toEqual([
      null,
      ASKED,
    ]);
  });

  it('is neither to come nor nonsense', async () => {
    for (const attributes of [
      `AuthnInstant="${iso(10)}"`,
      'AuthnInstant=""',
      'AuthnInstant="now"',
      `AuthnInstant="${iso(0)}" SessionNotOnOrAfter="${iso(-1)}"`,
      `AuthnInstant="${iso(0)}" SessionNotOnOrAfter="later"`,
    ]) {
      const { answer } = await saml.enterForged(acme, person('odd'), session(attributes));
      expect([attributes, ...told(answer)]).toEqual([attributes, 502, 'auth.provider_failed']);
      expect((await saml.lastRefusal(acme))?.reason).toBe('time');
    }
  });
});

describe('SessionNotOnOrAfter', () => {
  const until = iso(45);
  const bounded = session(`AuthnInstant="${iso(0)}" SessionNotOnOrAfter="${until}"`);

  it('ends the session at the latest, under whichever id it goes on', async () => {
    await addOwner(gatehouse, { email: 'both@acme.example', tenantId: acme.tenantId });
    const { browser } = await saml.enterForged(acme, person('both'), bounded);
    expect((await sessionOf(browser)).expiresAt).toBe(until);
    const later = session(`AuthnInstant="${iso(0)}" SessionNotOnOrAfter="${iso(90)}"`);
    expect(await stepUp(browser, 'both', later)).toContain('#proved=');
    expect((await sessionOf(browser)).expiresAt).toBe(until);
    const changed = await browser.post(CHANGE, { currentPassword: PASSWORD, newPassword: 'Quite-Another-9' });
    expect(changed.status, changed.text).toBe(200);
    expect((await sessionOf(browser)).expiresAt).toBe(until);
    // Who signs in without the provider is not bound by it.
    const free = gatehouse.browser();
    await free.post(LOGIN, { email: 'both@acme.example', password: 'Quite-Another-9' });
    expect(Date.parse((await sessionOf(free)).expiresAt)).toBeGreaterThan(Date.parse(until));
  });

  it('holds behind a second factor, and when it has come', async () => {
    const { browser } = await saml.enterForged(acme, person('factored'));
    const app = await addAuthenticator(gatehouse, browser);
    const waiting = gatehouse.browser();
    const request = await beginSaml(waiting, acme.login);
    const answer = await comeBack(
      world,
      waiting,
      acme.acs,
      request,
      forge(acme, request, person('factored'), bounded),
    );
    const { hash } = new URL(String(answer.headers.location));
    const session_token = new URLSearchParams(hash.slice(1)).get('token');
    expect((await waiting.post(VERIFY, { session_token, totp_code: app.code() })).status).toBe(200);
    expect((await sessionOf(waiting)).expiresAt).toBe(until);
    gatehouse.clock.advance({ minutes: 46 });
    expect((await waiting.get(ME)).status).toBe(401);
    expect((await waiting.post('/api/v1/auth/refresh')).status).toBe(401);
  });
});

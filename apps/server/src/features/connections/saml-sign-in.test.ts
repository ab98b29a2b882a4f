import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { otherEnd, startWorld, type World } from '../../../test/connections.fixture.ts';
import {
  type Forging,
  forge,
  type Key,
  makeKey,
  metadataOf,
  type Person,
  readRequest,
} from '../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  beginSaml,
  comeBack,
  connectSaml,
  createSamlEntering,
  person,
  postResponse,
  type SamlOrganisation,
  told,
} from '../../../test/saml.fixture.ts';
import { itemsOf } from '../../../test/people.fixture.ts';
import { addAuthenticator, ME, VERIFY } from '../../../test/second-factor.fixture.ts';
import { addPerson } from '../../../test/standing/people.fixture.ts';
import { newId } from '../../platform/ids.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: SamlOrganisation;
let stranger: Key;
let saml: ReturnType<typeof createSamlEntering>;
beforeAll(async () => {
  const key = await makeKey('acme');
  stranger = await makeKey('stranger');
  world = await startWorld();
  ({ gatehouse } = world);
  saml = createSamlEntering(world);
  acme = await addSamlOrganisation(world, 'acme', { key, roles: [{ value: 'noc', role: 'NOC_OPERATOR' }] });
});
afterAll(() => world.close());

describe('signing in by SAML', () => {
  it('makes a user at the first time, with the roles of their groups, and finds the same one by the persistent name', async () => {
    const { answer, browser } = await saml.enter(acme, person('first', { groups: ['noc', 'all'] }));
    expect([answer.status, answer.headers.location]).toEqual([303, `${gatehouse.config.publicUrl}/`]);
    const mine = await world.me(browser);
    expect(mine).toMatchObject({
      user: {
        email: 'first@acme.example',
        name: 'Ada Lovelace',
        tenantId: acme.tenantId,
        emailVerified: true,
      },
      session: { amr: ['fed'] },
      roles: ['NOC_OPERATOR'],
    });
    // The address changes there, and the groups; whom they mean stays. Here the whole response is signed, too.
    const again = await saml.enter(
      acme,
      { nameId: 'first', email: 'renamed@acme.example' },
      { signResponse: true },
    );
    expect(await world.me(again.browser)).toMatchObject({
      user: { id: (mine.user as { id: string }).id, email: 'first@acme.example' },
      roles: [],
    });
    expect(await world.usersOf('renamed@acme.example')).toEqual([]);
  });

  it('asks for a persistent name, at the address of the provider, and tells it nothing but an opaque word', async () => {
    const begun = await gatehouse.browser().get(`${acme.login}?returnTo=/users`);
    const to = new URL(String(begun.headers.location));
    expect(to.origin + to.pathname).toBe('https://idp.acme.example/saml/sso');
    const request = await readRequest(to.href);
    const path = `${gatehouse.config.publicUrl}/api/v1/auth/connections/${acme.connectionId}`;
    expect(request).toMatchObject({
      issuer: `${path}/metadata`,
      assertionConsumerServiceURL: `${path}/acs`,
      destination: 'https://idp.acme.example/saml/sso',
    });
    expect(request.id).toMatch(/^_[\w-]{43}$/);
    // SAML Bindings §3.4.3: 80 bytes at most.
    expect(request.query.RelayState).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    expect(Object.keys(request.query).toSorted()).toEqual(['RelayState', 'SAMLRequest']);
    expect(begun.cookies.find(({ name }) => name === '__Host-gh.sso')).toMatchObject({ sameSite: 'Lax' });
  });

  it('takes a response that is signed as a whole, and one whose assertion is', async () => {
    for (const sign of [['Assertion'], ['Response'], ['Assertion', 'Response']] as const) {
      const { answer } = await saml.enterForged(acme, person('whole'), { sign: [...sign] });
      expect([sign, answer.status, answer.headers.location]).toEqual([
        sign,
        303,
        `${gatehouse.config.publicUrl}/`,
      ]);
    }
    const { answer } = await saml.enter(acme, person('whole'), { signResponse: true, signAssertion: false });
    expect(answer.status).toBe(303);
  });

  it('stores at the consumer, which needs no cookie and gives none, and goes on at our own origin', async () => {
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const posted = await postResponse(world, acme.acs, {
      SAMLResponse: Buffer.from(forge(acme, request, person('stored'))).toString('base64'),
      RelayState: request.query.RelayState ?? '',
      Submit: 'Continue',
    });
    const state = request.query.RelayState;
    const callback = `/api/v1/auth/connections/${acme.connectionId}/callback?state=${state}`;
    expect([posted.status, posted.headers.location]).toEqual([303, gatehouse.config.publicUrl + callback]);
    expect(posted.cookies).toEqual([]);
    expect(posted.headers['cache-control']).toBe('no-store');
    const [row] = await gatehouse.sql<{ payload: string }>(
      `select payload_sealed as payload from gatehouse.one_time_tokens where amended_at is not null and consumed_at is null`,
    );
    expect(row?.payload).toMatch(/^v1\./);
    expect((await browser.get(callback)).status).toBe(303);
    // Nor is it kept, once it was read.
    expect(
      await gatehouse.sql('select id from gatehouse.one_time_tokens where payload_sealed = $1', [
        row?.payload,
      ]),
    ).toEqual([]);
  });

  it('takes a response once, in the browser that began, for the connection that it was begun with [threat 1] [threat 20] [threat 33]', async () => {
    const expired = [400, 'auth.sign_in_expired'];
    const globex = await addSamlOrganisation(world, 'globex', { key: stranger });
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const state = request.query.RelayState ?? '';
    const form = {
      SAMLResponse: Buffer.from(forge(acme, request, person('once'))).toString('base64'),
      RelayState: state,
    };
    // Of another tenant: its own key, its own consumer, and a sign-in of ours that somebody began.
    const theirs = {
      ...form,
      SAMLResponse: Buffer.from(forge(globex, request, person('once'))).toString('base64'),
    };
    expect(told(await postResponse(world, globex.acs, theirs))).toEqual(expired);
    expect(told(await postResponse(world, globex.acs, form))).toEqual(expired);
    const half = otherEnd(state);
    expect(told(await postResponse(world, acme.acs, { ...form, RelayState: half }))).toEqual(expired);
    const posted = await postResponse(world, acme.acs, form);
    expect(posted.status).toBe(303);
    // Stored once, whoever posts a second time, and whatever.
    expect(told(await postResponse(world, acme.acs, theirs))).toEqual(expired);
    const { pathname, search } = new URL(String(posted.headers.location));
    expect(told(await gatehouse.browser().get(pathname + search))).toEqual(expired);
    const other = gatehouse.browser();
    await beginSaml(other, acme.login);
    expect(told(await other.get(pathname + search))).toEqual(expired);
    expect(
      told(await browser.get(pathname.replace(acme.connectionId, globex.connectionId) + search)),
    ).toEqual(expired);
    expect((await browser.get(pathname + search)).status).toBe(303);
    expect(told(await browser.get(pathname + search))).toEqual(expired);
    expect(told(await postResponse(world, acme.acs, form))).toEqual(expired);
    const sessions = await gatehouse.sql('select id from gatehouse.sessions where connection_id = $1', [
      globex.connectionId,
    ]);
    expect(sessions).toEqual([]);
  });

  it('knows people by their connection: the same issuer, key and name by another one are somebody else [threat 2] [threat 3]', async () => {
    await saml.enter(acme, person('twin'));
    const initech = await addSamlOrganisation(world, 'initech', { key: acme.key, entityId: acme.entityId });
    const { answer } = await saml.enter(initech, person('twin'));
    expect(told(answer)).toEqual([403, 'auth.domain_unproved']);
    const rows = await gatehouse.sql(
      `select tenant_id from gatehouse.external_identities where subject = 'twin'`,
    );
    expect(rows).toEqual([{ tenant_id: acme.tenantId }]);
  });

  it('vouches for addresses of domains that the tenant has proved, and of no other [threat 4]', async () => {
    const elsewhere = await saml.enter(acme, { nameId: 'far', email: 'victim@elsewhere.example' });
    expect(told(elsewhere.answer)).toEqual([403, 'auth.domain_unproved']);
    expect(await world.usersOf('victim@elsewhere.example')).toEqual([]);
    const nobody = await saml.enter(acme, { nameId: 'no-address', email: ' ' });
    expect(told(nobody.answer)).toEqual([403, 'auth.email_unproved']);
    // An account of the tenant that stands already is the same person.
    const known = await addPerson(gatehouse, acme.tenantId, [], 'known@acme.example');
    const { browser } = await saml.enter(acme, person('known'));
    expect((await world.me(browser)).user).toMatchObject({ id: known.userId });
  });

  it('refuses what was begun at the provider, and says so', async () => {
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const SAMLResponse = Buffer.from(forge(acme, request, person('unasked'))).toString('base64');
    for (const RelayState of [undefined, '', 'https://app.example/home', '/users', 'x.y'])
      expect(
        told(
          await postResponse(world, acme.acs, {
            SAMLResponse,
            ...(RelayState !== undefined && { RelayState }),
          }),
        ),
      ).toEqual([400, 'auth.idp_initiated']);
    const page = await postResponse(world, acme.acs, { SAMLResponse }, { accept: 'text/html' });
    expect([page.status, page.headers.location]).toEqual([
      303,
      `${gatehouse.config.publicUrl}/signin?problem=auth.idp_initiated`,
    ]);
  });

  it('refuses forms that are too long, doubled, or for connections of another kind', async () => {
    const SAMLResponse = 'A'.repeat(131_072);
    const RelayState = `${'A'.repeat(22)}.${'A'.repeat(43)}`;
    expect((await postResponse(world, acme.acs, { SAMLResponse, RelayState })).status).toBe(400);
    expect(
      told(await postResponse(world, acme.acs, { SAMLResponse: `${SAMLResponse}A`, RelayState })),
    ).toEqual([400, 'request.invalid']);
    expect(told(await postResponse(world, acme.acs, { SAMLResponse: SAMLResponse.repeat(2) }))).toEqual([
      413,
      'request.too_large',
    ]);
    const doubled = await gatehouse.browser().request({
      method: 'POST',
      url: acme.acs,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'SAMLResponse=AAAA&SAMLResponse=BBBB&RelayState=x',
    });
    expect(told(doubled)).toEqual([400, 'request.malformed']);
    for (const id of [newId(), '00000000-0000-7000-8000-00000000c001'])
      expect(
        (await postResponse(world, acme.acs.replace(acme.connectionId, id), { SAMLResponse, RelayState }))
          .status,
      ).not.toBe(303);
  });

  it('ends its sessions with the connection, and asks the second factor that the tenant demands [threat 35] [threat 45]', async () => {
    const umbrella = await addSamlOrganisation(world, 'umbrella', { key: acme.key });
    const at = (name: string): Person => ({ nameId: name, email: `${name}@umbrella.example` });
    const { browser } = await saml.enter(umbrella, at('alice'));
    const waiting = gatehouse.browser();
    const request = await beginSaml(waiting, umbrella.login);
    expect((await umbrella.admin.post(`/connections/${umbrella.connectionId}/disable`)).status).toBe(200);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await browser.get('/api/v1/auth/me')).status).toBe(401);
    expect(
      told(await comeBack(world, waiting, umbrella.acs, request, forge(umbrella, request, at('late')))),
    ).toEqual([403, 'auth.connection_disabled']);
    expect((await umbrella.admin.post(`/connections/${umbrella.connectionId}/enable`)).status).toBe(200);
    const url = `/api/v1/tenants/${umbrella.tenantId}/settings`;
    const platform = await gatehouse.admin();
    const { version } = (await platform.get(url)).body;
    const settings = { mfa: { policy: 'mandatory' } };
    expect((await platform.patch(url, { version, settings })).status).toBe(200);
    gatehouse.clock.advance({ seconds: 2 });
    const { answer } = await saml.enter(umbrella, at('alice'));
    expect(String(answer.headers.location)).toMatch(/\/signin\/enrol(\?.*)?#token=/);
  });
});

describe('a queue that is full', () => {
  it('answers that one comes again, and spends nothing', async () => {
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const posted = await postResponse(world, acme.acs, {
      SAMLResponse: Buffer.from(forge(acme, request, person('patient'))).toString('base64'),
      RelayState: request.query.RelayState ?? '',
    });
    const { pathname, search } = new URL(String(posted.headers.location));
    const { providers } = gatehouse.server.deps;
    const places = Array.from({ length: 50 }, () => providers.admit());
    for (const accept of ['text/html', 'application/json']) {
      const full = await browser.get(pathname + search, { accept });
      expect([full.status, full.headers['retry-after']]).toEqual([503, '2']);
    }
    expect((await gatehouse.browser().get(acme.login)).status).toBe(503);
    for (const place of places) place.release();
    expect(await browser.get(pathname + search)).toMatchObject({ status: 303 });
    expect(told(await browser.get(pathname + search))).toEqual([400, 'auth.sign_in_expired']);
    // Every place was given back.
    for (const place of Array.from({ length: 50 }, () => providers.admit())) place.release();
  });
});

describe('the name of a person', () => {
  it('is that of an attribute where the connection says so, and never one that a NameID was [threat 30]', async () => {
    const { connectionId, login, acs } = await connectSaml(acme.admin, {
      name: 'By object',
      saml: { metadata: metadataOf(acme.entityId, [acme.key.cert]), subjectAttribute: 'oid' },
    });
    const at = { ...acme, connectionId, login, acs };
    const withOid = (values: string[]): Forging => ({
      edit: (xml) =>
        xml
          .replace('nameid-format:persistent', 'nameid-format:transient')
          .replace(
            '</saml:AttributeStatement>',
            `<saml:Attribute Name="oid">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute></saml:AttributeStatement>`,
          ),
    });
    const first = await saml.enterForged(
      at,
      person('changes-1', { email: 'oid@acme.example' }),
      withOid(['o-1']),
    );
    expect(first.answer.status).toBe(303);
    const again = await saml.enterForged(
      at,
      person('changes-2', { email: 'else@acme.example' }),
      withOid(['o-1']),
    );
    expect((await world.me(again.browser)).user).toEqual((await world.me(first.browser)).user);
    for (const values of [[], ['o-1', 'o-2'], ['']]) {
      expect(told((await saml.enterForged(at, person('x'), withOid(values))).answer)).toEqual([
        502,
        'auth.provider_failed',
      ]);
      expect((await saml.lastRefusal(at))?.reason).toBe('subject');
    }
    const [row] = await gatehouse.sql(
      `select subject from gatehouse.external_identities where connection_id = $1`,
      [connectionId],
    );
    expect(row).toEqual({ subject: 'oid=o-1' });
    const changed = await acme.admin.patch(`/connections/${connectionId}`, {
      saml: { subjectAttribute: null },
    });
    expect([changed.status, changed.body.status]).toEqual([200, 'disabled']);
  });
});

describe('a key of the provider', () => {
  it('counts as long as the connection names it, and what it let in ends with it [threat 45]', async () => {
    const next = await makeKey('next');
    const four = [acme.key, next, stranger, await makeKey('fourth')].map(({ cert }) => cert);
    const soylent = await addSamlOrganisation(world, 'soylent', { key: acme.key });
    const sol: Person = { nameId: 'sol', email: 'sol@soylent.example' };
    const enterBy = async (key: Key) => told((await saml.enterForged(soylent, sol, { key })).answer);
    expect(await enterBy(next)).toEqual([502, 'auth.provider_failed']);
    const name = (certificates: string[]) =>
      soylent.admin.patch(`/connections/${soylent.connectionId}`, { saml: { certificates } });
    expect(told(await name(four))).toEqual([400, 'request.invalid']);
    const metadata = metadataOf(soylent.entityId, four);
    const patched = await soylent.admin.patch(`/connections/${soylent.connectionId}`, { saml: { metadata } });
    expect(told(patched)).toEqual([400, 'connections.metadata_refused']);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await name([acme.key.cert, next.cert])).body).toMatchObject({ status: 'enabled' });
    expect([await enterBy(acme.key), await enterBy(next)]).toEqual([
      [303, undefined],
      [303, undefined],
    ]);
    // Which of them let somebody in is not known, so that all are out when one goes, and whoever is about to come in as well.
    const { browser } = await saml.enterForged(soylent, sol, { key: acme.key });
    const app = await addAuthenticator(gatehouse, browser);
    const { answer, browser: waiting } = await saml.enterForged(soylent, sol, { key: acme.key });
    const { hash } = new URL(String(answer.headers.location));
    const session_token = new URLSearchParams(hash.slice(1)).get('token');
    expect((await name([next.cert])).status).toBe(200);
    gatehouse.clock.advance({ seconds: 1 });
    expect((await browser.get(ME)).status).toBe(401);
    expect((await browser.post('/api/v1/auth/refresh')).status).toBe(401);
    expect((await waiting.post(VERIFY, { session_token, totp_code: app.code() })).status).toBe(401);
    const [record] = itemsOf(await soylent.admin.get('/audit?action=connection_updated'));
    expect(record?.after).toMatchObject({ endedSessions: 3 });
    expect([await enterBy(acme.key), await enterBy(next)]).toEqual([
      [502, 'auth.provider_failed'],
      [303, undefined],
    ]);
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { proveDomain, startWorld, type World } from '../../../test/connections.fixture.ts';
import { addCaller } from '../../../test/people.fixture.ts';
import { makeKey, metadataOf, respond } from '../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  beginSaml,
  connectSaml,
  createSamlEntering,
  person,
  postResponse,
} from '../../../test/saml.fixture.ts';
import { ADMIN } from '../../../test/server.fixture.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

it('has whoever stands above the author sign in once more when the certificates are others [threat 72]', async () => {
  const { gatehouse } = world;
  const saml = createSamlEntering(world);
  // An ordinary administrator of the root tenant connects its directory; the platform's administrator links their own account to it.
  const ordinary = await addCaller(gatehouse, ROOT_TENANT, 'admin');
  await proveDomain(world, ordinary, 'example.com');
  const key = await makeKey('directory');
  const entityId = 'https://idp.example.com/saml';
  const made = await connectSaml(ordinary, {
    name: 'root',
    saml: { metadata: metadataOf(entityId, [key.cert]) },
  });
  const at = { tenantId: ROOT_TENANT, admin: ordinary, entityId, key, ...made };
  const who = { nameId: 'the-boss', email: ADMIN.email };
  const browser = gatehouse.browser();
  const asked = await beginSaml(browser, at.login);
  const posted = await postResponse(world, at.acs, {
    SAMLResponse: Buffer.from(await respond(at, asked, who)).toString('base64'),
    RelayState: asked.query.RelayState ?? '',
  });
  const { pathname, search } = new URL(String(posted.headers.location));
  const told = await browser.get(`${pathname}${search}`, { accept: 'text/html' });
  const page = new URL(String(told.headers.location));
  expect(page.searchParams.get('problem')).toBe('auth.link_required');
  const token = new URLSearchParams(page.hash.slice(1)).get('link') ?? '';
  gatehouse.clock.advance({ seconds: 1 });
  expect((await browser.post('/api/v1/auth/login', ADMIN)).status).toBe(200);
  expect((await browser.post('/api/v1/auth/link', { token })).status).toBe(204);
  expect((await world.me((await saml.enter(at, who)).browser)).roles).toContain('PLATFORM_ADMIN');

  // The ordinary administrator puts a key of their own in place of the directory's, under the same entity id.
  const own = await makeKey('own');
  const changed = await ordinary.patch(`/connections/${at.connectionId}`, {
    saml: { certificates: [own.cert] },
  });
  expect([changed.status, changed.body.status]).toEqual([200, 'enabled']);
  const { answer, browser: theirs } = await saml.enter({ ...at, key: own }, who);
  expect((await world.me(theirs)).roles ?? []).not.toContain('PLATFORM_ADMIN');
  expect([answer.status, answer.body.code]).toEqual([409, 'auth.link_required']);
});

it('counts elements that close themselves', async () => {
  const { gatehouse } = world;
  const saml = createSamlEntering(world);
  const key = await makeKey('elements');
  const acme = await addSamlOrganisation(world, 'acme', { key });
  expect(gatehouse).toBeDefined();
  await saml.enterForged(acme, person('x'), {
    sign: ['Assertion', 'Response'],
    after: (xml) =>
      xml.replace('</saml:AttributeStatement>', `${'<a/>'.repeat(5500)}</saml:AttributeStatement>`),
  });
  expect((await saml.lastRefusal(acme))?.reason).toBe('xml');
});

it('tells the owner of an account when a provider’s account came to enter it [threats 19, 72]', async () => {
  const { gatehouse } = world;
  const saml = createSamlEntering(world);
  const ordinary = await addCaller(gatehouse, ROOT_TENANT, 'admin');
  const key = await makeKey('evil');
  const entityId = 'https://idp.evil.example/saml';
  const made = await connectSaml(ordinary, {
    name: 'evil',
    saml: { metadata: metadataOf(entityId, [key.cert]) },
  });
  const at = { tenantId: ROOT_TENANT, admin: ordinary, entityId, key, ...made };
  // What a page of the attacker has the victim's browser do: GET our link; their provider answers by itself.
  const victim = gatehouse.browser();
  const asked = await beginSaml(victim, at.login);
  const posted = await postResponse(world, at.acs, {
    SAMLResponse: Buffer.from(await respond(at, asked, { nameId: 'mine', email: ADMIN.email })).toString(
      'base64',
    ),
    RelayState: asked.query.RelayState ?? '',
  });
  const { pathname, search } = new URL(String(posted.headers.location));
  const told = await victim.get(`${pathname}${search}`, { accept: 'text/html' });
  const page = new URL(String(told.headers.location));
  expect([page.pathname, page.searchParams.get('problem')]).toEqual(['/signin', 'auth.link_required']);
  // They sign in, and say yes to what the page asks them (apps/console/src/signin/pages/ConfirmLink.tsx).
  const token = new URLSearchParams(page.hash.slice(1)).get('link') ?? '';
  gatehouse.clock.advance({ seconds: 1 });
  expect((await victim.post('/api/v1/auth/login', ADMIN)).status).toBe(200);
  const linked = await victim.post('/api/v1/auth/link', { token });
  const mails = await gatehouse.deliverMail();
  expect(linked.status).toBe(204);
  const { browser } = await saml.enter(at, { nameId: 'mine', email: ADMIN.email });
  // Proves the way in: the attacker is the platform's administrator. Nobody told the owner.
  expect((await world.me(browser)).roles).toContain('PLATFORM_ADMIN');
  expect(mails.map(({ to }) => to)).toContain(ADMIN.email);
});

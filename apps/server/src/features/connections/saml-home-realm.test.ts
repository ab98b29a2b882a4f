import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../test/connections.fixture.ts';
import { itemsOf } from '../../../test/people.fixture.ts';
import { addOwner } from '../../../test/recovery.fixture.ts';
import { makeKey } from '../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  createSamlEntering,
  person,
  type SamlOrganisation,
  told,
} from '../../../test/saml.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

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

const checked = async (email: string) => {
  const { body } = await gatehouse.browser().post('/api/v1/auth/check-method', { email });
  return body.code ?? body;
};
/** What is known of a domain is remembered for a second of real time. */
const untilKnown = (email: string, answer: object) =>
  expect.poll(() => checked(email), { interval: 200 }).toEqual(answer);

describe('the people of a domain whose provider speaks SAML', () => {
  it('are sent there from the sign-in page, as long as it is in service', async () => {
    const domainId = String(itemsOf(await acme.admin.get('/domains'))[0]?.id);
    const patched = await acme.admin.patch(`/domains/${domainId}`, { connectionId: acme.connectionId });
    expect(patched.status).toBe(200);
    const connection = { id: acme.connectionId, name: 'acme' };
    await untilKnown('nobody@acme.example', { methods: ['sso', 'passkey', 'password'], connection });
    const other = { methods: ['passkey', 'password'], connection: null };
    for (const email of ['a@sub.acme.example', 'a@xacme.example'])
      expect(await checked(email)).toEqual(other);
    const login = `/api/v1/auth/connections/${connection.id}/login`;
    const begun = await gatehouse.browser().get(login);
    expect(String(begun.headers.location)).toMatch(/^https:\/\/idp\.acme\.example\/saml\/sso\?SAMLRequest=/);
    expect((await acme.admin.post(`/connections/${acme.connectionId}/disable`)).status).toBe(200);
    await untilKnown('nobody@acme.example', other);
    expect((await acme.admin.post(`/connections/${acme.connectionId}/enable`)).status).toBe(200);
  });

  it('come in by it and no other way where their tenant takes single sign-on only [threat 52]', async () => {
    const owner = await addOwner(gatehouse, { email: 'owner@acme.example', tenantId: acme.tenantId });
    const boss = await saml.enter(acme, person('boss'));
    const [member] = await gatehouse.sql<{ id: string }>(
      `select m.id from gatehouse.memberships m join gatehouse.users u on u.id = m.user_id where u.email = 'boss@acme.example'`,
    );
    const role = { principalId: member?.id, role: 'admin' };
    expect((await acme.admin.post('/role-assignments', role)).status).toBe(201);
    gatehouse.clock.advance({ seconds: 1 });
    const url = `/api/v1/tenants/${acme.tenantId}/settings`;
    const { version } = (await boss.browser.get(url)).body;
    const settings = { signIn: { policy: 'restricted' } };
    // Whoever came by a password would shut themselves out.
    expect(
      (await acme.admin.patch(`/tenants/${acme.tenantId}/settings`, { version, settings })).body.code,
    ).toBe('settings.locks_you_out');
    const shut = await boss.browser.patch(url, { version, settings });
    expect(shut.status, shut.text).toBe(200);
    const connection = { id: acme.connectionId, name: 'acme' };
    await untilKnown('anybody@acme.example', { methods: ['sso'], connection });
    const login = await gatehouse
      .browser()
      .post('/api/v1/auth/login', { email: owner.email, password: PASSWORD });
    expect(told(login)).toEqual([403, 'auth.sso_required']);
    expect((await boss.browser.get('/api/v1/auth/me')).status).toBe(200);
    for (const name of ['boss', 'newcomer']) {
      const { answer, browser } = await saml.enter(acme, person(name));
      expect([answer.status, (await browser.get('/api/v1/auth/me')).status]).toEqual([303, 200]);
    }
    // An address of another domain is no way round it.
    const elsewhere = await saml.enter(acme, { nameId: 'far', email: 'far@elsewhere.example' });
    expect(told(elsewhere.answer)).toEqual([403, 'auth.domain_unproved']);
  });
});

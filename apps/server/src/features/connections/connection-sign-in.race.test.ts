import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addOrganisation,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { whileDeleted } from '../../../test/locks.fixture.ts';
import { addPerson } from '../../../test/standing/people.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: Organisation;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addOrganisation(world, 'acme', { roles: [{ value: 'noc', role: 'NOC_OPERATOR' }] });
});
afterAll(() => world.close());

const fifty = Array.from({ length: 50 }, (_, i) => i);
async function comeBack(browser = gatehouse.browser()) {
  const begun = await browser.get(acme.login);
  const back = await world.providers.authorize(String(begun.headers.location));
  return { browser, path: `${back.pathname}${back.search}` };
}

describe('many who come back from a provider at once', () => {
  it('are let in once by one answer', async () => {
    acme.provider.claims = verified('once', 'once@acme.example');
    const { browser, path } = await comeBack();
    const answers = await Promise.all(fifty.map(() => browser.clone().get(path)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.sign_in_expired')).toHaveLength(49);
  });

  it('are one user, however many tabs somebody comes in by for the first time', async () => {
    acme.provider.claims = verified('tabs', 'tabs@acme.example', { groups: ['noc'] });
    const tabs = await Promise.all(fifty.slice(0, 12).map(() => comeBack()));
    const answers = await Promise.all(tabs.map(({ browser, path }) => browser.get(path)));
    expect(answers.map(({ status, body }) => body.code ?? status)).toEqual(tabs.map(() => 303));
    const users = await gatehouse.sql(`select id from gatehouse.users where email_key = 'tabs@acme.example'`);
    expect(users).toHaveLength(1);
  });

  it('are linked once, to one of those who ask for the same account at once [threat 21]', async () => {
    acme.provider.claims = verified('linked', 'linked@acme.example');
    const people = await Promise.all(
      ['one', 'two'].map((name) => addPerson(gatehouse, acme.tenantId, [], `${name}@acme.example`)),
    );
    const tabs = await Promise.all(
      fifty.slice(0, 20).map(async (i) => {
        const browser = gatehouse.browser();
        browser.cookies.set('__Host-gh.console.at', String(people[i % 2]?.token));
        await browser.get('/api/v1/auth/me');
        const begun = await browser.post('/api/v1/auth/identities', { connectionId: acme.connectionId });
        const back = await world.providers.authorize(String(begun.body.authorizationUrl));
        return { browser, path: `${back.pathname}${back.search}` };
      }),
    );
    const answers = await Promise.all(tabs.map(({ browser, path }) => browser.get(path)));
    const codes = answers.map(({ status, body }) => body.code ?? status);
    expect(codes.filter((code) => code === 303)).toHaveLength(10);
    expect(codes.filter((code) => code === 'auth.identity_in_use')).toHaveLength(10);
    const links = await gatehouse.sql(
      `select user_id from gatehouse.external_identities where subject = 'linked'`,
    );
    expect(links).toHaveLength(1);
    const mails = await gatehouse.deliverMail();
    expect(mails.filter(({ subject }) => subject.includes('was linked to your account'))).toHaveLength(1);
  });

  it('have no session left when the connection is taken out of service at that moment [threat 45]', async () => {
    acme.provider.claims = verified('late', 'late@acme.example');
    const tabs = await Promise.all(fifty.slice(0, 12).map(() => comeBack()));
    const [disabled, ...answers] = await Promise.all([
      acme.admin.post(`/connections/${acme.connectionId}/disable`),
      ...tabs.map(({ browser, path }) => browser.get(path)),
    ]);
    expect(disabled.status).toBe(200);
    for (const { status, body } of answers)
      expect([303, 'auth.connection_disabled', 'auth.invalid_credentials']).toContain(body.code ?? status);
    const open = await gatehouse.sql(
      'select id from gatehouse.sessions where connection_id = $1 and ended_at is null',
      [acme.connectionId],
    );
    expect(open).toEqual([]);
    expect((await acme.admin.post(`/connections/${acme.connectionId}/enable`)).status).toBe(200);
  });

  it('do not meet a deadlock with administrators who act on them', async () => {
    const person = await addPerson(gatehouse, acme.tenantId, [], 'busy@acme.example');
    acme.provider.claims = verified('busy', 'busy@acme.example', { groups: ['noc'] });
    const tabs = await Promise.all(fifty.slice(0, 10).map(() => comeBack()));
    const answers = await Promise.all([
      ...tabs.map(({ browser, path }) => browser.get(path)),
      ...fifty
        .slice(0, 10)
        .flatMap((i) => [
          acme.admin.patch(`/users/${person.userId}`, { name: `Name ${i}` }),
          acme.admin.post(`/users/${person.userId}/end-sessions`),
        ]),
    ]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });

  it('leave a domain with one of the tenants that prove it at once', async () => {
    const globex = await addOrganisation(world, 'globex');
    const added = await Promise.all(
      [acme, globex].map(({ admin }) => admin.post('/domains', { domain: 'shared.example' })),
    );
    world.zone.set(
      '_gatehouse-challenge.shared.example',
      added.map(({ body }) => (body.record as { value: string }).value),
    );
    const answers = await Promise.all(
      [acme, globex].flatMap(({ admin }, i) =>
        [1, 2, 3].map(() => admin.post(`/domains/${String(added[i]?.body.id)}/verify`)),
      ),
    );
    const codes = answers.map(({ status, body }) => body.code ?? status);
    expect(codes.filter((code) => code === 200)).toHaveLength(3);
    expect(codes.filter((code) => code === 'domains.in_use')).toHaveLength(3);
  });

  it('are told that the connection is gone when it is deleted while it is being linked', async () => {
    const mine = await addPerson(gatehouse, acme.tenantId, [], 'late@acme.example');
    const browser = gatehouse.browser();
    browser.cookies.set('__Host-gh.console.at', mine.token);
    await browser.get('/api/v1/auth/me');
    acme.provider.claims = verified('late', 'late@acme.example');
    const begun = await browser.post('/api/v1/auth/identities', { connectionId: acme.connectionId });
    const back = await world.providers.authorize(String(begun.body.authorizationUrl));
    const linked = await whileDeleted(gatehouse, acme.connectionId, () =>
      browser.get(`${back.pathname}${back.search}`),
    );
    expect([linked.status, linked.body.code]).toEqual([404, 'resource.not_found']);
    expect(await gatehouse.sql(`select from gatehouse.external_identities where subject = 'late'`)).toEqual(
      [],
    );
  });
});

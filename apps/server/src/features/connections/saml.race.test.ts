import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../test/connections.fixture.ts';
import { untilWaiting, whileDeleted } from '../../../test/locks.fixture.ts';
import { withClient } from '../../../test/database.setup.ts';
import { forge, makeKey } from '../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  beginSaml,
  comeBack,
  postResponse,
  type SamlOrganisation,
} from '../../../test/saml.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let acme: SamlOrganisation;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addSamlOrganisation(world, 'acme', { key: await makeKey('acme') });
});
afterAll(() => world.close());

const fifty = Array.from({ length: 50 }, (_, i) => i);
const ada = { nameId: 'ada', email: 'ada@acme.example' };

describe('many SAML responses at once', () => {
  it('are stored once of fifty posts, and let in once of fifty browsers that come for it', async () => {
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const form = {
      SAMLResponse: Buffer.from(forge(acme, request, ada)).toString('base64'),
      RelayState: request.query.RelayState ?? '',
    };
    const posted = await Promise.all(fifty.map(() => postResponse(world, acme.acs, form)));
    const stored = posted.filter(({ status }) => status === 303);
    expect(stored).toHaveLength(1);
    expect(posted.filter(({ body }) => body.code === 'auth.sign_in_expired')).toHaveLength(49);
    const { pathname, search } = new URL(String(stored[0]?.headers.location));
    const answers = await Promise.all(fifty.map(() => browser.clone().get(pathname + search)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.sign_in_expired')).toHaveLength(49);
  });

  it('are read as they are when the browser comes for one at the moment at which it is stored, and are not kept', async () => {
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const RelayState = request.query.RelayState ?? '';
    const SAMLResponse = Buffer.from(forge(acme, request, ada)).toString('base64');
    const callback = `${acme.login.replace(/login$/, 'callback')}?state=${RelayState}`;
    const [posted, came] = await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query(
        `begin; select from gatehouse.one_time_tokens where purpose = 'connection-sign-in' for update`,
      );
      const storing = postResponse(world, acme.acs, { SAMLResponse, RelayState });
      await untilWaiting(gatehouse, 1);
      const coming = browser.get(callback);
      await untilWaiting(gatehouse, 2);
      await client.query('commit');
      return Promise.all([storing, coming]);
    });
    expect([posted.status, came.status, came.headers.location]).toEqual([
      303,
      303,
      `${gatehouse.config.publicUrl}/`,
    ]);
    expect(
      await gatehouse.sql('select id from gatehouse.one_time_tokens where amended_at is not null'),
    ).toEqual([]);
  });

  it('let nobody in by a certificate that is taken away at that moment [threat 45]', async () => {
    const next = await makeKey('next');
    const patch = (certificates: string[]) =>
      acme.admin.patch(`/connections/${acme.connectionId}`, { saml: { certificates } });
    expect((await patch([acme.key.cert, next.cert])).status).toBe(200);
    gatehouse.clock.advance({ seconds: 1 });
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const form = {
      SAMLResponse: Buffer.from(forge(acme, request, ada)).toString('base64'),
      RelayState: request.query.RelayState ?? '',
    };
    const posted = await postResponse(world, acme.acs, form);
    const { pathname, search } = new URL(String(posted.headers.location));
    const [changed, came] = await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin');
      await client.query(
        `select pg_advisory_xact_lock(hashtextextended('sessions of connection ' || $1::text, 0))`,
        [acme.connectionId],
      );
      const changing = patch([next.cert]);
      await untilWaiting(gatehouse, 1);
      const coming = browser.get(pathname + search);
      await untilWaiting(gatehouse, 2);
      await client.query('commit');
      return Promise.all([changing, coming]);
    });
    expect([changed.status, came.status, came.body.code]).toEqual([200, 401, 'auth.invalid_credentials']);
    const open = 'select id from gatehouse.sessions where connection_id = $1 and ended_at is null';
    expect(await gatehouse.sql(open, [acme.connectionId])).toEqual([]);
    expect((await patch([acme.key.cert])).status).toBe(200);
  });

  it('of one assertion let in one, however many sign-ins they answer', async () => {
    const tabs = await Promise.all(
      fifty.slice(0, 12).map(async () => {
        const browser = gatehouse.browser();
        return { browser, request: await beginSaml(browser, acme.login) };
      }),
    );
    const answers = await Promise.all(
      tabs.map(({ browser, request }) => {
        const xml = forge(acme, request, ada, {
          edit: (text) => text.replace(/ID="_assertion-\d+"/, 'ID="_the-same"'),
        });
        return comeBack(world, browser, acme.acs, request, xml);
      }),
    );
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'auth.provider_failed')).toHaveLength(11);
  });

  it('are told that the connection is gone when it is deleted at that moment', async () => {
    const browser = gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const posted = await postResponse(world, acme.acs, {
      SAMLResponse: Buffer.from(forge(acme, request, ada)).toString('base64'),
      RelayState: request.query.RelayState ?? '',
    });
    const { pathname, search } = new URL(String(posted.headers.location));
    const came = await whileDeleted(gatehouse, acme.connectionId, () => browser.get(pathname + search));
    expect([came.status, came.body.code]).toEqual([404, 'resource.not_found']);
  });
});

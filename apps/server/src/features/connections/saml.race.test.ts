import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, TestBrowser } from '../../../test/browser.fixture.ts';
import { startWorld, type World } from '../../../test/connections.fixture.ts';
import { untilWaiting, whileDeleted } from '../../../test/locks.fixture.ts';
import { withClient } from '../../../test/database.setup.ts';
import { forge, makeKey, readRequest, type SamlRequest } from '../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  beginSaml,
  comeBack,
  postResponse,
  type SamlOrganisation,
} from '../../../test/saml.fixture.ts';
import { addPerson, signIn } from '../../../test/standing/people.fixture.ts';
import type { UserId } from '../../platform/ids.ts';

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

  describe('signed by a certificate that is taken away at that moment, by a node whose clock is behind', () => {
    const patch = async (certificates: string[]) => {
      const { status, text } = await acme.admin.patch(`/connections/${acme.connectionId}`, {
        saml: { certificates },
      });
      expect(status, text).toBe(200);
    };
    let next: Awaited<ReturnType<typeof makeKey>>;
    beforeAll(async () => {
      next = await makeKey('next');
    });
    beforeEach(async () => {
      gatehouse.clock.advance({ seconds: 60 });
      await acme.admin.signInAgain();
      gatehouse.clock.advance({ seconds: 60 });
      await patch([acme.key.cert, next.cert]);
    });

    /** Has the response read while the certificate is being removed. */
    async function whileRemoved(browser: TestBrowser, request: SamlRequest, who = ada): Promise<Answer> {
      const posted = await postResponse(world, acme.acs, {
        SAMLResponse: Buffer.from(forge(acme, request, who)).toString('base64'),
        RelayState: request.query.RelayState ?? '',
      });
      const { pathname, search } = new URL(String(posted.headers.location));
      const html = { accept: 'text/html' };
      return withClient(gatehouse.superuserUrl, async (client) => {
        await client.query('begin');
        await client.query(
          `select pg_advisory_xact_lock(hashtextextended('sessions of connection ' || $1::text, 0))`,
          [acme.connectionId],
        );
        gatehouse.clock.advance({ seconds: -30 });
        const changing = patch([next.cert]);
        await untilWaiting(gatehouse, 1);
        gatehouse.clock.advance({ seconds: 30 });
        const coming = browser.get(pathname + search, html);
        await untilWaiting(gatehouse, 2);
        await client.query('commit');
        await changing;
        return coming;
      });
    }
    const toldIn = ({ headers }: Answer) => new URL(String(headers.location));
    const linked = () => gatehouse.sql(`select from gatehouse.external_identities where linked_by = 'owner'`);
    const ownBrowser = async (token: string, browser = gatehouse.browser()) => {
      browser.cookies.set('__Host-gh.console.at', token);
      await browser.get('/api/v1/auth/me');
      return browser;
    };

    it('let nobody in by it [threat 45]', async () => {
      const browser = gatehouse.browser();
      const came = await whileRemoved(browser, await beginSaml(browser, acme.login));
      expect(toldIn(came).searchParams.get('problem')).toBe('auth.invalid_credentials');
      const open = 'select id from gatehouse.sessions where connection_id = $1 and ended_at is null';
      expect(await gatehouse.sql(open, [acme.connectionId])).toEqual([]);
    });

    it('link nothing to whoever asked for it on the account page [threat 19] [threat 45]', async () => {
      const person = await addPerson(gatehouse, acme.tenantId, [], 'asks@acme.example');
      const browser = await ownBrowser(person.token);
      const begun = await browser.post('/api/v1/auth/identities', { connectionId: acme.connectionId });
      const asked = await readRequest(String(begun.body.authorizationUrl));
      const came = await whileRemoved(browser, asked, { ...ada, nameId: 'asks' });
      expect(toldIn(came).hash).toBe('#not-linked=auth.sign_in_expired');
      expect(await linked()).toEqual([]);
    });

    it('leave nothing that the owner of an account could link after they signed in [threat 19] [threat 45]', async () => {
      const [user] = await gatehouse.sql<{ id: UserId }>(
        'select id from gatehouse.users where email_key = $1',
        [ada.email],
      );
      // Nobody stands behind the connection: whoever has an account is asked first.
      await gatehouse.sql('update gatehouse.connections set author_principal_id = null where id = $1', [
        acme.connectionId,
      ]);
      const browser = gatehouse.browser();
      const page = toldIn(await whileRemoved(browser, await beginSaml(browser, acme.login)));
      expect(page.searchParams.get('problem')).toBe('auth.link_required');
      const token = new URLSearchParams(page.hash.slice(1)).get('link') ?? '';
      gatehouse.clock.advance({ seconds: 1 });
      if (!user) throw new Error('nobody has come in before');
      const { accessToken } = await signIn(gatehouse, acme.tenantId, user.id);
      await ownBrowser(accessToken, browser);
      expect((await browser.post('/api/v1/auth/link/open', { token })).status).toBe(200);
      const answer = await browser.post('/api/v1/auth/link', { token });
      expect([answer.status, answer.body.code]).toEqual([400, 'auth.link_invalid']);
      expect(await linked()).toEqual([]);
    });

    afterAll(() => patch([acme.key.cert]));
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

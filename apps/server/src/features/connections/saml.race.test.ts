import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../test/connections.fixture.ts';
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
});

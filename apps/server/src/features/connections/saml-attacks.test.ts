import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../test/connections.fixture.ts';
import { forgeries } from '../../../test/saml-forgeries.fixture.ts';
import { MISFITS } from '../../../test/saml-misfits.fixture.ts';
import { type Forging, makeKey } from '../../../test/saml-provider.fixture.ts';
import {
  addSamlOrganisation,
  beginSaml,
  createSamlEntering,
  person,
  type SamlOrganisation,
  told,
} from '../../../test/saml.fixture.ts';

let world: World;
let acme: SamlOrganisation;
let saml: ReturnType<typeof createSamlEntering>;
beforeAll(async () => {
  world = await startWorld();
  saml = createSamlEntering(world);
  acme = await addSamlOrganisation(world, 'acme', { key: await makeKey('acme') });
});
afterAll(() => world.close());

/** Of a provider that is believed, or of somebody who has what it once signed. */
describe('a SAML response that is not as it should be', () => {
  it('lets nobody in, tells the person no more than that, and its administrators why [threat 67]', async () => {
    const CORPUS = [...forgeries(await makeKey('stranger')), ...MISFITS];
    expect(CORPUS.length).toBeGreaterThanOrEqual(60);
    const results: unknown[] = [];
    for (const [what, , how] of CORPUS) {
      const { answer, browser } = await saml.enterForged(acme, person('first'), how);
      results.push([what, (await saml.lastRefusal(acme))?.reason, ...told(answer)]);
      expect(browser.cookies.has('__Host-gh.console.at'), what).toBe(false);
    }
    expect(results).toEqual(CORPUS.map(([what, reason]) => [what, reason, 502, 'auth.provider_failed']));
    // The same response without a change lets its person in: what was refused was refused for what was changed.
    expect((await saml.enterForged(acme, person('first'))).answer.status).toBe(303);
  });

  it('is told apart from a refusal of the provider, whose words reach nobody', async () => {
    const { answer } = await saml.enter(acme, person('first'), {
      samlStatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Responder',
      samlStatusMessage: 'wrong-password-of-ada',
    });
    expect(told(answer)).toEqual([403, 'auth.provider_refused']);
    expect(answer.text).not.toContain('wrong-password');
    expect(await saml.lastRefusal(acme)).toEqual({ verdict: 'auth.provider_refused', reason: 'status' });
  });

  it('is refused when an id of it was taken before, of the response or of the assertion', async () => {
    const fixed = (response: string, assertion: string): Forging => ({
      edit: (xml) =>
        xml
          .replace(/ID="_response-\d+"/, `ID="${response}"`)
          .replace(/ID="_assertion-\d+"/, `ID="${assertion}"`),
    });
    expect((await saml.enterForged(acme, person('ids'), fixed('_r1', '_a1'))).answer.status).toBe(303);
    for (const how of [fixed('_r1', '_a2'), fixed('_r2', '_a1'), fixed('_r1', '_a1')]) {
      expect(told((await saml.enterForged(acme, person('ids'), how)).answer)).toEqual([
        502,
        'auth.provider_failed',
      ]);
      expect((await saml.lastRefusal(acme))?.reason).toBe('replayed');
    }
    // Ids are of one connection: what another provider calls its own takes nothing away.
    const hooli = await addSamlOrganisation(world, 'hooli', { key: acme.key });
    const { answer } = await saml.enterForged(
      hooli,
      { nameId: 'g', email: 'g@hooli.example' },
      fixed('_r1', '_a1'),
    );
    expect(answer.status).toBe(303);
  });

  it('is none that the browser brings before there is one', async () => {
    const browser = world.gatehouse.browser();
    const request = await beginSaml(browser, acme.login);
    const callback = `/api/v1/auth/connections/${acme.connectionId}/callback?state=${request.query.RelayState}`;
    expect(told(await browser.get(`${callback}&code=x&SAMLResponse=AAAA`))).toEqual([
      502,
      'auth.provider_failed',
    ]);
  });
});

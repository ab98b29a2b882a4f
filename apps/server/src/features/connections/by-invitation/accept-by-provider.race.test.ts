import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  addOrganisation,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../../test/connections.fixture.ts';
import { invited } from '../../../../test/invitations.fixture.ts';

let world: World;
let acme: Organisation;
beforeAll(async () => {
  world = await startWorld();
  acme = await addOrganisation(world, 'acme');
});
afterAll(() => world.close());

it('an invitation that fifty take to a provider at once is accepted once, by whichever account there [threat 57]', async () => {
  const { gatehouse, providers } = world;
  const { id, token } = await invited(gatehouse, acme.admin, 'ada@else.example', ['SUPPORT_AGENT']);
  acme.provider.claims = verified('', 'ada@else.example');
  let count = 0;
  // Half of them by one account of the provider, half by others that have the same address.
  acme.provider.alter.token = (payload) => {
    count += 1;
    payload.sub = count % 2 === 0 ? 'same' : `one-${count}`;
  };
  const tabs = [];
  for (let n = 0; n < 50; n += 1) {
    const browser = gatehouse.browser();
    const body = { token, connectionId: acme.connectionId };
    const begun = await browser.post('/api/v1/auth/invitation/provider', body);
    const back = await providers.authorize(String(begun.body.authorizationUrl));
    tabs.push({ browser, path: `${back.pathname}${back.search}` });
  }
  const answers = await Promise.all(tabs.map(({ browser, path }) => browser.get(path)));
  const landed = answers.filter(({ status }) => status === 303);
  expect(landed.filter(({ headers }) => headers.location === `${gatehouse.config.publicUrl}/`)).toHaveLength(
    1,
  );
  for (const { status, body } of answers)
    expect([303, 'auth.link_invalid', 'auth.domain_unproved']).toContain(body.code ?? status);
  expect(await world.usersOf('ada@else.example')).toHaveLength(1);
  const records = await gatehouse.sql(
    `select from gatehouse.audit_records where tenant_id = $1 and action = 'invitation_accepted' and resource_id = $2`,
    [acme.tenantId, id],
  );
  expect(records).toHaveLength(1);
});

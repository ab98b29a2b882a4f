import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addOrganisation, startWorld, verified, type World } from '../../../test/connections.fixture.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe('a sign-in that was begun in one tenant', () => {
  it('ends there or nowhere: neither the path of another tenant’s provider nor any host moves it [threat 11]', async () => {
    const { gatehouse } = world;
    const acme = await addOrganisation(world, 'acme');
    const globex = await addOrganisation(world, 'globex');
    const hosts: Record<string, string>[] = [
      { host: 'globex.example' },
      { 'x-forwarded-host': 'globex.example' },
      { forwarded: 'host=globex.example' },
    ];
    for (const headers of hosts) {
      const browser = gatehouse.browser();
      acme.provider.claims = verified('ada', 'ada@acme.example');
      const to = new URL(String((await browser.get(acme.login, headers)).headers.location));
      // Where the provider sends the browser is a setting, never what a request says of itself.
      expect(to.searchParams.get('redirect_uri')).toBe(
        `${gatehouse.config.publicUrl}/api/v1/auth/connections/${acme.connectionId}/callback`,
      );
      const back = await world.providers.authorize(to.href);
      const path = `${back.pathname}${back.search}`;
      const moved = await browser.get(path.replace(acme.connectionId, globex.connectionId), headers);
      expect([moved.status, moved.body.code]).toEqual([400, 'auth.sign_in_expired']);

      const ended = await browser.get(path, headers);
      expect([ended.status, ended.headers.location]).toEqual([303, `${gatehouse.config.publicUrl}/`]);
      expect(await world.me(browser)).toMatchObject({ tenant: { id: acme.tenantId } });
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { addGuest } from '../../../test/guests.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { signIn } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

const SWITCH = '/auth/switch-tenant';
let gatehouse: TestServer;
let home: TenantId;
let elsewhere: TenantId;
let guest: Caller;
let host: Caller;
let platform: Caller;
let membershipId: string;
beforeAll(async () => {
  gatehouse = await startServer();
  home = await addTenant(gatehouse);
  elsewhere = await addTenant(gatehouse, { name: 'Elsewhere' });
  guest = await addCaller(gatehouse, home);
  host = await addCaller(gatehouse, elsewhere, 'admin');
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
  membershipId = await addGuest(gatehouse, elsewhere, guest);
});
afterAll(() => gatehouse.close());

const open = () =>
  gatehouse.sql<{ id: string; active_tenant_id: string }>(
    'select id, active_tenant_id from gatehouse.sessions where user_id = $1 and ended_at is null',
    [guest.userId],
  );
const endAll = () =>
  gatehouse.sql('update gatehouse.sessions set ended_at = now() where user_id = $1', [guest.userId]);
/** Several browsers of the same person, each with a session at home. */
const browsers = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const { accessToken } = await signIn(gatehouse, home, guest.userId);
      const headers = { authorization: `Bearer ${accessToken}` };
      return {
        switchTo: (tenantId: string) =>
          gatehouse.browser({ origin: undefined }).post(`/api/v1${SWITCH}`, { tenantId }, headers),
      };
    }),
  );

describe('switching, many at once', () => {
  it('leaves one session of fifty switches of the same one at the same moment', async () => {
    await endAll();
    const [browser] = await browsers(1);
    if (!browser) throw new Error('there is one');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => browser.switchTo(n % 2 === 0 ? elsewhere : home)),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(49);
    expect(await open()).toHaveLength(1);
  });

  it.each([
    [
      'the membership is suspended',
      () => host.patch(`/memberships/${membershipId}`, { status: 'suspended' }),
      () => host.patch(`/memberships/${membershipId}`, { status: 'active' }),
    ],
    [
      'the tenant is suspended',
      () => platform.post(`/tenants/${elsewhere}/suspend`),
      () => platform.post(`/tenants/${elsewhere}/activate`),
    ],
    [
      'the home is suspended',
      () => platform.post(`/tenants/${home}/suspend`),
      () => platform.post(`/tenants/${home}/activate`),
    ],
  ])(
    'leaves no session in a tenant while %s, nor one that comes to life again [threat 44]',
    async (_what, suspend, activate) => {
      const outcomes = new Set<number>();
      for (let round = 0; round < 12; round += 1) {
        await endAll();
        const all = await browsers(6);
        const switching = all.map((browser) => browser.switchTo(elsewhere));
        // A little later in each round: before, among and after the switches.
        await new Promise((resolve) => setTimeout(resolve, round * 3));
        const [suspended, ...answers] = await Promise.all([suspend(), ...switching]);
        expect(suspended.status).toBe(200);
        for (const { status } of answers) outcomes.add(status);
        const there = (await open()).filter((session) => session.active_tenant_id === elsewhere);
        expect(there).toEqual([]);
        expect((await activate()).status).toBe(200);
      }
      expect(
        [...outcomes].every((status) => [200, 401, 404].includes(status)),
        [...outcomes].join(' '),
      ).toBe(true);
    },
  );
});

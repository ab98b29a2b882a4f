import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/browser.fixture.ts';
import {
  addOrganisation,
  type Organisation,
  startWorld,
  verified,
  type World,
} from '../../../test/connections.fixture.ts';
import { setRules } from '../../../test/mail-sign-in.fixture.ts';
import { recordsOf } from '../../../test/recovery.fixture.ts';
import { enrolAtSignIn, ME, STEP_UP } from '../../../test/second-factor.fixture.ts';
import { isRecent, landed } from '../../../test/step-up.fixture.ts';

let world: World;
let gatehouse: World['gatehouse'];
let demanding: Organisation;
let silent: Organisation;
beforeAll(async () => {
  world = await startWorld();
  ({ gatehouse } = world);
  demanding = await addOrganisation(world, 'demanding');
  silent = await addOrganisation(world, 'silent');
  for (const { tenantId } of [demanding, silent])
    await setRules(gatehouse, tenantId, { mfa: { policy: 'mandatory', rememberDays: 0 } });
  gatehouse.clock.advance({ seconds: 2 });
});
afterAll(() => world.close());

const ASKED = 'auth.insufficient_user_authentication';
const ago = (minutes: number) => new Date(gatehouse.clock.now().getTime() - minutes * 60_000);

describe('a first factor, where the tenant demands one', () => {
  const PROVIDER = /^https:\/\/id\.demanding\.example\//;
  /** Comes back from the provider as this person; resolves to where the browser is sent. */
  async function comeBack(
    browser: TestBrowser,
    location: string,
    name: string,
    provedAt: Date | 'now' | 'not said',
    at = demanding,
  ) {
    at.provider.claims = verified(name, `${name}@${at === silent ? 'silent' : 'demanding'}.example`);
    at.provider.provedAt = provedAt;
    const back = await world.providers.authorize(location);
    const answer = await browser.get(`${back.pathname}${back.search}`, { accept: 'text/html' });
    return String(landed(world, answer));
  }
  const begin = async (browser: TestBrowser, { login } = demanding) =>
    String((await browser.get(`${login}?returnTo=/users`)).headers.location);
  const usersOf = async (name: string) => (await world.usersOf(`${name}@demanding.example`)).length;

  it('is set up by a proof of now: whose session at the provider was open goes back there first, and nothing has happened until then [threat 35]', async () => {
    for (const earlier of [ago(60), ago(11), 'not said'] as const) {
      const browser = gatehouse.browser();
      const there = await comeBack(browser, await begin(browser), 'eve', earlier);
      expect(there).toMatch(PROVIDER);
      expect(new URL(there).searchParams.get('max_age')).toBe('0');
      expect([await usersOf('eve'), (await browser.get(ME)).status]).toEqual([0, 401]);
    }
    const browser = gatehouse.browser();
    const there = await comeBack(browser, await begin(browser), 'eve', ago(60));
    const page = new URL(await comeBack(browser, there, 'eve', 'now'), gatehouse.config.publicUrl);
    expect([page.pathname, page.search]).toEqual(['/signin/enrol', '?returnTo=%2Fusers']);
    const app = await enrolAtSignIn(gatehouse, browser, page);
    expect(await isRecent(browser)).toBe(true);
    gatehouse.clock.advance({ minutes: 11 });
    expect(await isRecent(browser)).toBe(ASKED);
    expect((await browser.post(STEP_UP, { backup_code: app.backupCodes[0] })).status).toBe(200);
    // Who has a factor is asked for that, however old the provider's word is.
    const again = gatehouse.browser();
    expect(await comeBack(again, await begin(again), 'eve', ago(60))).toContain('/signin/second-factor');
  });

  it('is not set up by whoever takes out what the provider was asked, in another browser, or twice [threat 35] [threat 20]', async () => {
    const refused = '/signin?problem=auth.not_proved_anew&returnTo=%2Fusers';
    for (const answered of [ago(60), ago(5), 'not said'] as const) {
      const browser = gatehouse.browser();
      const there = new URL(await comeBack(browser, await begin(browser), 'mallory', ago(60)));
      there.searchParams.delete('max_age');
      expect([answered, await comeBack(browser, there.href, 'mallory', answered)]).toEqual([
        answered,
        refused,
      ]);
    }
    expect(await usersOf('mallory')).toBe(0);
    const browser = gatehouse.browser();
    const there = await comeBack(browser, await begin(browser), 'mallory', ago(60));
    const other = gatehouse.browser();
    await begin(other);
    expect(await comeBack(other, there, 'mallory', 'now')).toContain('problem=auth.sign_in_expired');
    expect(await comeBack(browser, there, 'mallory', 'now')).toContain('/signin/enrol');
    expect(await comeBack(browser, there, 'mallory', 'now')).toContain('problem=auth.sign_in_expired');
  });

  it('is set up as before where the provider has never said a time and does not claim to; one that has, or claims to, and says none was not asked [threat 35]', async () => {
    /** What comes of two answers, one after the other; the second to a request from which what it asks for was taken out. */
    const twice = async (name: string, first: Date | 'not said') => {
      const browser = gatehouse.browser();
      const there = new URL(await comeBack(browser, await begin(browser, silent), name, first, silent));
      expect(there.hostname).toBe('id.silent.example');
      there.searchParams.delete('max_age');
      return comeBack(browser, there.href, name, 'not said', silent);
    };
    const asked = async () => {
      const [user] = await world.usersOf('quiet@silent.example');
      return (await recordsOf(gatehouse, 'second_factor_asked', String(user?.id))).map(({ after }) => after);
    };
    expect(await twice('quiet', 'not said')).toContain('/signin/enrol');
    expect(await asked()).toEqual([{ enrolment: true }]);
    expect(await twice('quiet', ago(60))).toContain('problem=auth.not_proved_anew');
    // Whose session somebody came by is on record, though nothing came of it.
    expect((await asked())[0]).toMatchObject({ enrolment: true, provedAnew: false });
    expect(await twice('quiet', 'not said')).toContain('problem=auth.not_proved_anew');
    const [refused] = await gatehouse.sql<{ after: object }>(
      `select after from gatehouse.audit_records where action = 'failed_login' and resource_id = $1 order by id desc limit 1`,
      [silent.connectionId],
    );
    expect(refused?.after).toMatchObject({ at: 'enrolment', verdict: 'auth.not_proved_anew' });

    silent.provider.alter.metadata = (body) =>
      Object.assign(body, { claims_supported: ['sub', 'auth_time'] });
    gatehouse.clock.advance({ seconds: 1 });
    await silent.admin.signInAgain();
    const other = { clientId: 'another', clientSecret: 'another-secret-of-the-provider' };
    expect((await silent.admin.patch(`/connections/${silent.connectionId}`, other)).status).toBe(200);
    expect((await silent.admin.post(`/connections/${silent.connectionId}/enable`)).status).toBe(200);
    expect(await twice('claimed', 'not said')).toContain('problem=auth.not_proved_anew');
  });
});

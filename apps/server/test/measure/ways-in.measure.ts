import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer, TestBrowser } from '../browser.fixture.ts';
import { addOrganisation, startWorld, verified, type World } from '../connections.fixture.ts';
import { invited, openHarbour, REGISTER } from '../invitations.fixture.ts';
import { addMailPerson, askedForCode, askedForLink, BY_CODE, BY_LINK } from '../mail-sign-in.fixture.ts';
import { addPasskey, askedBy, PASSKEY_LOGIN, PASSKEY_OPTIONS, softwarePasskey } from '../passkeys.fixture.ts';
import { FORGOT, freshAddress, LOGIN, mailedTo, RESET } from '../recovery.fixture.ts';
import { forge, makeKey } from '../saml-provider.fixture.ts';
import { addSamlOrganisation, beginSaml, comeBack, person } from '../saml.fixture.ts';
import { type Account, type Authenticator, openAccount, VERIFY } from '../second-factor.fixture.ts';
import { tokenIn } from '../server.fixture.ts';

/*
 * How long each way in keeps the event loop from everybody else: nothing is asserted of the times, `node bench/run.mjs ways` reads
 * and judges them. The server is the tests' own, with their peers in the same process, whose work is counted in: it is an upper bound.
 */

const WARM_UP = 3;
const COUNTED = 7;
const RESOLUTION_MS = 1;

let world: World;
beforeAll(async () => {
  world = await startWorld({ LOCKOUT_ATTEMPTS: '20' });
});
afterAll(() => world.close());

/** One try: what comes before it is not measured. */
type Try = () => Promise<() => Promise<Answer>>;

async function watchLoop(run: () => Promise<Answer>): Promise<{ answer: Answer; blockedMs: number }> {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  // The first tick of the monitor stands before what is measured.
  await new Promise((resolve) => setTimeout(resolve, 5));
  loop.enable();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const answer = await run();
  await new Promise((resolve) => setTimeout(resolve, 5));
  loop.disable();
  return { answer, blockedMs: Math.max(0, loop.max / 1e6 - RESOLUTION_MS) };
}

/** 2100 elements more, 94 of the 96 kB. */
const bloat = (xml: string): string =>
  xml.replace(
    '</saml:AttributeStatement>',
    `${'<saml:Attribute Name="n"><saml:AttributeValue>v</saml:AttributeValue></saml:Attribute>'.repeat(1050)}</saml:AttributeStatement>`,
  );

it('measures every way in', async () => {
  const { gatehouse } = world;
  const browser = (): TestBrowser => gatehouse.browser();
  const account = await openAccount(gatehouse);
  const guarded = await openAccount(gatehouse);
  const held = await openAccount(gatehouse);
  const passkey = softwarePasskey(gatehouse.config.publicUrl);
  await held.signIn();
  await addPasskey(held.browser, passkey);
  const mailed = await addMailPerson(gatehouse);
  const acme = await addOrganisation(world, 'acme');
  const saml = await addSamlOrganisation(world, 'globex', { key: await makeKey('globex') });
  const harbour = await openHarbour(gatehouse);

  let enrolled: Promise<Authenticator> | undefined;
  const bySecondFactor =
    (proof: (app: Authenticator) => Record<string, string>): Try =>
    async () => {
      const app = await (enrolled ??= guarded.enrol());
      const at = browser();
      const session_token = await guarded.pendingToken(at);
      gatehouse.clock.advance({ minutes: 1 });
      const body = { session_token, ...proof(app) };
      return () => at.post(VERIFY, body);
    };
  const bySaml =
    (how: Parameters<typeof forge>[3]): Try =>
    async () => {
      const at = browser();
      const request = await beginSaml(at, saml.login);
      const xml = forge(saml, request, { ...person('ada'), email: 'ada@globex.example' }, how);
      return () => comeBack(world, at, saml.acs, request, xml);
    };
  const credentialsOf = (of: Account, password = of.credentials.password) => ({
    ...of.credentials,
    password,
  });

  const ways: Record<string, [number, Try]> = {
    'nothing (GET /health/live)': [200, async () => () => browser().get('/health/live')],
    password: [200, async () => () => browser().post(LOGIN, credentialsOf(account))],
    'wrong password': [401, async () => () => browser().post(LOGIN, credentialsOf(account, 'Wrong-Horse-9'))],
    passkey: [
      200,
      async () => {
        const at = browser();
        const answer = passkey.answer(await askedBy(at, PASSKEY_OPTIONS));
        return () => at.post(PASSKEY_LOGIN, { passkey: answer });
      },
    ],
    'mailed link': [
      200,
      async () => {
        const at = browser();
        const token = await askedForLink(gatehouse, mailed.email, at);
        return () => at.post(BY_LINK, { token });
      },
    ],
    'mailed code': [
      200,
      async () => {
        const at = browser();
        const code = await askedForCode(gatehouse, mailed.email, at);
        return () => at.post(BY_CODE, { email: mailed.email, code });
      },
    ],
    'OpenID provider': [
      303,
      async () => {
        const at = browser();
        acme.provider.claims = verified('ada', 'ada@acme.example');
        const back = await world.providers.authorize(String((await at.get(acme.login)).headers.location));
        return () => at.get(`${back.pathname}${back.search}`);
      },
    ],
    'SAML provider': [303, bySaml({})],
    'SAML provider, by a response that is nearly as large as one may be': [303, bySaml({ edit: bloat })],
    'new password by a mailed link': [
      204,
      async () => {
        await browser().post(FORGOT, { email: account.owner.email });
        const token = tokenIn((await mailedTo(gatehouse, account.owner.email)).at(-1));
        return () => browser().post(RESET, { token, password: account.credentials.password });
      },
    ],
    'invitation, with a new password': [
      204,
      async () => {
        const { token } = await invited(gatehouse, harbour.admin, freshAddress());
        return () => browser().post(REGISTER, { token, name: 'Ada Lovelace', password: 'Anchor-Chain-9' });
      },
    ],
    renewal: [
      200,
      async () => {
        const at = browser();
        await account.signIn(at);
        return () => at.post('/api/v1/auth/refresh');
      },
    ],
    // These last: the clock goes on, which the tokens of a provider do not.
    TOTP: [200, bySecondFactor((app) => ({ totp_code: app.code() }))],
    'backup code': [200, bySecondFactor((app) => ({ backup_code: app.backupCodes.shift() ?? '' }))],
  };
  const found: Record<string, number[]> = {};
  for (const [way, [status, begin]] of Object.entries(ways)) {
    const times: number[] = [];
    for (let n = 0; n < WARM_UP + COUNTED; n += 1) {
      const { answer, blockedMs } = await watchLoop(await begin());
      expect(answer.status, `${way}: ${answer.text}`).toBe(status);
      if (n >= WARM_UP) times.push(blockedMs);
    }
    found[way] = times;
  }
  const { MEASURED_INTO } = process.env;
  if (MEASURED_INTO === undefined) console.log(found);
  else writeFileSync(MEASURED_INTO, JSON.stringify(found));
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PasskeyRequestOptions } from '@gatehouse/contracts';
import type { Answer, TestBrowser } from '../../../test/browser.fixture.ts';
import { ASK, BY_CODE, BY_LINK, otherCode, setRules } from '../../../test/mail-sign-in.fixture.ts';
import {
  addPasskey,
  PASSKEY_LOGIN,
  PASSKEY_OPTIONS,
  softwarePasskey,
} from '../../../test/passkeys.fixture.ts';
import { addTenant } from '../../../test/people.fixture.ts';
import { addOwner, LOGIN, mailedTo } from '../../../test/recovery.fixture.ts';
import {
  addAuthenticator,
  type Authenticator,
  authenticator,
  ENROL,
  ME,
  VERIFY,
} from '../../../test/second-factor.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { PASSWORD } from '../../../test/standing/people.fixture.ts';

const POLICIES = ['off', 'optional', 'mandatory'] as const;
type Policy = (typeof POLICIES)[number];

/** A sign-in that waits for a second factor, as the model knows it. */
interface Pending {
  token: string;
  browser: number;
  since: number;
  over: boolean;
}
/** What was mailed to sign in by. */
interface Mailed {
  secret: string;
  browser: number;
  since: number;
  over: boolean;
}

const browser = fc.constantFrom(0, 1);
/** Counted from the newest; mostly the newest itself. */
const which = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat({ max: 3 }) },
);
const mostly = fc.constantFrom(true, true, true, false);
/** In the browser where it began, or in the other one. */
const same = mostly;
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('password' as const), browser, right: mostly }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('verify' as const),
      same,
      which,
      by: fc.constantFrom(
        'code',
        'code',
        'code',
        'backup code',
        'spent code',
        'wrong code',
        'spent backup code',
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('enrol' as const), same, which, right: mostly }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mail' as const),
      browser,
      method: fc.constantFrom('link', 'code'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      same,
      which,
      right: mostly,
      method: fc.constantFrom('link', 'code'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('passkey' as const),
      browser,
      at: browser,
      again: fc.constantFrom(true, false, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), browser }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('demand' as const), policy: fc.constantFrom(...POLICIES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 1, 6, 31) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** As people do it: begun and finished, by whichever browser. Between these stands whatever else. */
const honest = browser.chain((at): fc.Arbitrary<Step[]> => {
  const rest = { same: true, which: 0, right: true };
  const password = { do: 'password' as const, browser: at, right: true };
  return fc.constantFrom<Step[]>(
    [password, { do: 'verify', by: 'code', ...rest }],
    [password, { do: 'enrol', ...rest }],
    [
      { do: 'mail', browser: at, method: 'link' },
      { do: 'redeem', method: 'link', ...rest },
    ],
    [
      { do: 'mail', browser: at, method: 'code' },
      { do: 'redeem', method: 'code', ...rest },
    ],
  );
});
const steps = fc
  .array(
    fc.oneof(
      honest,
      step.map((one) => [one]),
      step.map((one) => [one]),
    ),
    { minLength: 8, maxLength: 16 },
  )
  .map((parts) => parts.flat());

describe('whatever way in is tried in whatever order', () => {
  let gatehouse: TestServer;
  beforeAll(async () => {
    gatehouse = await startServer();
  });
  afterAll(() => gatehouse.close());

  it('a session comes from what was proved, in the browser that proved it, once, and never below what the tenant demands [threat 34]', async () => {
    const opened = { password: 0, verify: 0, enrol: 0, redeem: 0, passkey: 0 };
    const refused = { ...opened };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('mandatory', 'mandatory', 'optional', 'off'),
        fc.constantFrom('none', 'none', 'app', 'app', 'passkey'),
        steps,
        async (first, factor, taken) => {
          const world = await openWorld(gatehouse, first, factor);
          for (const action of taken) {
            const allowed = await world.take(action);
            const sessions = await world.newSessions();
            const told = `${JSON.stringify(action)} with ${world.policy}`;
            expect(sessions.length, told).toBeLessThanOrEqual(allowed ? 1 : 0);
            for (const { amr } of sessions)
              expect(amr.includes('mfa') || !world.needsFactor(), told).toBe(true);
            expect(await world.sessionsBelow(), told).toEqual([]);
            if (action.do in opened) {
              const way = action.do as keyof typeof opened;
              (sessions.length > 0 ? opened : refused)[way] += 1;
            }
          }
        },
      ),
      { numRuns: 24, seed: 20_261_122 },
    );
    // Orders in which nobody ever comes in, or everybody does, would prove nothing.
    for (const way of Object.keys(opened) as (keyof typeof opened)[]) {
      expect(opened[way], `in by ${way}`).toBeGreaterThan(2);
      expect(refused[way], `refused by ${way}`).toBeGreaterThan(2);
    }
  }, 360_000);
});

/** One person of a tenant, two browsers, and what the model knows. */
async function openWorld(gatehouse: TestServer, first: Policy, factor: 'none' | 'app' | 'passkey') {
  const tenantId = await addTenant(gatehouse);
  const signIn = { mailLink: true, mailCode: true };
  await setRules(gatehouse, tenantId, { signIn, mfa: { policy: 'optional', rememberDays: 0 } });
  const person = await addOwner(gatehouse, { tenantId });
  const browsers: TestBrowser[] = [gatehouse.browser(), gatehouse.browser()];
  const passkey = softwarePasskey(gatehouse.config.publicUrl);
  let app: Authenticator | undefined;
  if (factor !== 'none') {
    const home = gatehouse.browser();
    await home.post(LOGIN, { email: person.email, password: PASSWORD });
    if (factor === 'app') app = await addAuthenticator(gatehouse, home);
    else await addPasskey(home, passkey);
    await home.post('/api/v1/auth/logout');
  }
  const known = new Set<string>();
  const pending: Pending[] = [];
  const mailed: Record<string, Mailed[]> = { link: [], code: [] };
  const spent = { code: new Set<string>(), backup: new Set<string>() };
  const minutesSince = (since: number) => (gatehouse.clock.now().getTime() - since) / 60_000;
  const now = () => gatehouse.clock.now().getTime();
  const hasPasskey = factor === 'passkey';

  const world = {
    policy: first,
    /** Whether a session that begins now has to have a second factor. */
    needsFactor: () =>
      world.policy === 'mandatory' || (world.policy !== 'off' && (app !== undefined || hasPasskey)),
    async newSessions() {
      const rows = await gatehouse.sql<{ id: string; amr: string[] }>(
        'select id, amr from gatehouse.sessions where user_id = $1',
        [person.userId],
      );
      const fresh = rows.filter(({ id }) => !known.has(id));
      for (const { id } of fresh) known.add(id);
      return fresh;
    },
    /** Methods of sessions that stand although the tenant demands more by now. */
    async sessionsBelow() {
      const answers = await Promise.all(browsers.map((each) => each.get(ME)));
      const methods = answers.flatMap(({ status, body }) =>
        status === 200 ? [(body.session as { amr: string[] }).amr] : [],
      );
      return world.policy === 'mandatory' ? methods.filter((amr) => !amr.includes('mfa')) : [];
    },
    /** Does it, and says whether a session may come of it. */
    async take(action: Step): Promise<boolean> {
      // An app shows another code.
      gatehouse.clock.advance({ seconds: 30 });
      if (action.do === 'wait') gatehouse.clock.advance({ minutes: action.minutes });
      if (action.do === 'demand') {
        world.policy = action.policy;
        await setRules(gatehouse, tenantId, { signIn, mfa: { policy: action.policy, rememberDays: 0 } });
      }
      if (action.do === 'wait' || action.do === 'demand') return false;
      const begun =
        action.do === 'redeem'
          ? mailed[action.method]![action.which]
          : 'which' in action
            ? pending[action.which]
            : undefined;
      const at =
        'browser' in action ? action.browser : (begun?.browser ?? 0) === (action.same ? 0 : 1) ? 0 : 1;
      const by = browsers[at]!;
      /** A first factor was proved: the answer either is a session or names a sign-in that waits. */
      const afterFirst = (answer: Answer) => {
        if (typeof answer.body.session_token !== 'string') return !world.needsFactor();
        pending.unshift({ token: answer.body.session_token, browser: at, since: now(), over: false });
        return false;
      };
      switch (action.do) {
        case 'leave':
          await by.post('/api/v1/auth/logout');
          return false;
        case 'password': {
          const password = action.right ? PASSWORD : 'Wrong-Pass-1';
          const answer = await by.post(LOGIN, { email: person.email, password });
          return action.right && afterFirst(answer);
        }
        case 'mail': {
          const before = (await mailedTo(gatehouse, person.email)).length;
          await by.post(ASK, { email: person.email, method: action.method });
          const mail = (await mailedTo(gatehouse, person.email)).slice(before).at(-1)?.text ?? '';
          const secret =
            action.method === 'link' ? /#token=(\S+)/.exec(mail)?.[1] : /^(\d{4} \d{4})$/m.exec(mail)?.[1];
          if (secret === undefined) return false;
          const of = mailed[action.method]!;
          for (const former of of) if (action.method === 'link' || former.browser === at) former.over = true;
          of.unshift({ secret: secret.replace(' ', ''), browser: at, since: now(), over: false });
          return false;
        }
        case 'redeem': {
          const mail = mailed[action.method]![action.which];
          const secret = mail?.secret ?? '12345678';
          const given = action.right ? secret : otherCode(secret);
          const answer = await by.post(
            action.method === 'link' ? BY_LINK : BY_CODE,
            action.method === 'link' ? { token: given } : { email: person.email, code: given },
          );
          const good =
            mail && action.right && !mail.over && mail.browser === at && minutesSince(mail.since) <= 10;
          if (good && answer.status === 200) mail.over = true;
          return good === true && afterFirst(answer);
        }
        case 'passkey': {
          const asked = await browsers[action.at]!.post(PASSKEY_OPTIONS);
          if (asked.status !== 200) return false;
          const answer = passkey.answer(asked.body as unknown as PasskeyRequestOptions);
          if (action.again) await browsers[action.at]!.post(PASSKEY_LOGIN, { passkey: answer });
          await by.post(PASSKEY_LOGIN, { passkey: answer });
          // Twice is once, wherever the second comes from.
          return hasPasskey && (action.again || action.at === at);
        }
        case 'verify': {
          const waiting = pending[action.which];
          const code = app?.code() ?? '123456';
          const backup = app?.backupCodes.find((each) => !spent.backup.has(each)) ?? 'AAAAA-AAAAA';
          const proof = {
            code: { totp_code: code },
            'spent code': { totp_code: [...spent.code].at(-1) ?? '654321' },
            'wrong code': { totp_code: app?.code(7) ?? '000000' },
            'backup code': { backup_code: backup },
            'spent backup code': { backup_code: [...spent.backup].at(-1) ?? 'BBBBB-BBBBB' },
          }[action.by] as Record<string, string>;
          const answer = await by.post(VERIFY, { session_token: waiting?.token ?? 'x'.repeat(66), ...proof });
          const fresh = action.by === 'code' ? !spent.code.has(code) : action.by === 'backup code';
          const may =
            waiting !== undefined && !waiting.over && waiting.browser === at && fresh && app !== undefined;
          if (answer.status === 200 && waiting) {
            waiting.over = true;
            if (action.by === 'code') spent.code.add(code);
            if (action.by === 'backup code') spent.backup.add(backup);
          }
          return may && minutesSince(waiting.since) <= 5;
        }
        case 'enrol': {
          const waiting = pending[action.which];
          const session_token = waiting?.token ?? 'x'.repeat(66);
          const offer = await by.post(ENROL, { session_token });
          if (offer.status !== 200) return false;
          const phone = authenticator(gatehouse, String(offer.body.secret));
          const totp_code = phone.code(action.right ? 0 : 7);
          const may =
            action.right &&
            app === undefined &&
            !hasPasskey &&
            waiting?.browser === at &&
            !waiting.over &&
            minutesSince(waiting.since) <= 10;
          const done = await by.post(`${ENROL}/confirm`, {
            session_token,
            enrolment_token: offer.body.enrolment_token,
            totp_code,
          });
          if (done.status === 200 && waiting) {
            app = phone;
            app.backupCodes = (done.body.backup_codes ?? []) as string[];
            spent.code.add(totp_code);
            waiting.over = true;
          }
          return may;
        }
      }
    },
  };
  await setRules(gatehouse, tenantId, { signIn, mfa: { policy: first, rememberDays: 0 } });
  await world.newSessions();
  return world;
}

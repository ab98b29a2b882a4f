import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTenant } from '../../../test/people.fixture.ts';
import { addOwner, CHANGE, CHANGE_EMAIL, FORGOT, freshAddress } from '../../../test/recovery.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { addPerson, call, PASSWORD, type Person, signIn } from '../../../test/standing/people.fixture.ts';

/** A mailed link, and what the model knows of it. */
interface Link {
  path: string;
  token: string;
  person: Person | undefined;
  mailedAt: number;
  spent: boolean;
}

/** Where links are spent: each with everything but the token right. */
const SPENDERS = {
  reset: ['/api/v1/auth/password/reset', { password: 'Next-Pass-1' }],
  set: ['/api/v1/auth/password/set', { password: 'Next-Pass-1' }],
  confirmEmail: ['/api/v1/auth/email/confirm', { password: PASSWORD }],
  verifyEmail: ['/api/v1/auth/email/verify', {}],
  register: ['/api/v1/auth/register/confirm', { password: 'Next-Pass-1' }],
  setUp: ['/api/v1/auth/setup', { password: 'Next-Pass-1', email: 'x@setup.example', name: 'X' }],
} as const;
type Spender = keyof typeof SPENDERS;

type Step =
  | { do: 'forgot' | 'askEmail' | 'askVerification' | 'registerAgain' | 'suspend' | 'activate'; who: 0 | 1 }
  | { do: 'change'; who: 0 | 1; right: boolean; signedIn: boolean }
  | { do: 'spend'; by: Spender; link: number; weak: boolean }
  | { do: 'wait'; minutes: number };

const who = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...Array.from({ length: 8 }, () => 'forgot' as const),
        'askEmail' as const,
        'askVerification' as const,
        'registerAgain' as const,
        'suspend' as const,
        'activate' as const,
        'activate' as const,
      ),
      who,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      who,
      right: fc.boolean(),
      signedIn: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('spend' as const),
      by: fc.oneof(
        { weight: 4, arbitrary: fc.constant('reset' as const) },
        { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(SPENDERS) as Spender[])) },
      ),
      // Counted from the newest link; beyond the oldest it is a made-up one.
      link: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 6 }) }),
      weak: fc.constantFrom(true, false, false, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(5, 31) }) },
);

describe('whatever is called in whatever order', () => {
  let gatehouse: TestServer;
  beforeAll(async () => {
    gatehouse = await startServer();
  });
  afterAll(() => gatehouse.close());

  const stored = async (people: Person[]) => {
    const rows = await gatehouse.sql<{ user_id: string; secret_sealed: string }>(
      'select user_id, secret_sealed from gatehouse.credentials where user_id = any($1)',
      [people.map(({ userId }) => userId)],
    );
    return people.map(({ userId }) => rows.find((row) => row.user_id === userId)?.secret_sealed);
  };

  it('a password is set by a link that is spent by it, or by the one before it, and by nothing else [threat 32]', async () => {
    const seen = { byLink: 0, byOwner: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const tenantId = await addTenant(gatehouse);
        const admin = await addPerson(gatehouse, tenantId, ['admin']);
        const people = [await addOwner(gatehouse, { tenantId }), await addOwner(gatehouse, { tenantId })];
        const passwords = [PASSWORD, PASSWORD];
        const suspended = [false, false];
        const links: Link[] = [];
        const collect = async () => {
          const mails = (await gatehouse.deliverMail()).splice(0);
          for (const { to, text } of mails) {
            const [, path = '', token] = /(\/[a-z/-]+)#token=(\S+)/.exec(text) ?? [];
            const person = people.find(({ email }) => email === to);
            if (token === undefined) continue;
            // The newest link ends those before, of its kind and person.
            for (const link of links) if (link.path === path && link.person === person) link.spent = true;
            links.push({ path, token, person, mailedAt: gatehouse.clock.now().getTime(), spent: false });
          }
        };
        const endLinks = (person: Person) => {
          for (const link of links)
            if (link.person === person || link.person === undefined) link.spent = true;
        };
        await collect();

        for (const action of steps) {
          const before = await stored(people);
          /** Whose password this step may set. */
          let allowed: number | undefined;
          let status = 0;
          const at = action.do === 'spend' || action.do === 'wait' ? 0 : action.who;
          const person = people[at]!;
          const asPerson = async (url: string, body?: unknown) => {
            if (suspended[at]) return 0;
            const { accessToken } = await signIn(gatehouse, tenantId, person.userId);
            return (await call(gatehouse, accessToken, { method: 'POST', url, body })).status;
          };
          const asAdmin = async (act: string) => {
            const { accessToken } = await signIn(gatehouse, tenantId, admin.userId);
            const url = `/api/v1/users/${person.userId}/${act}`;
            return (await call(gatehouse, accessToken, { method: 'POST', url })).status;
          };
          switch (action.do) {
            case 'forgot':
              status = (await gatehouse.browser().post(FORGOT, { email: person.email })).status;
              break;
            case 'askEmail':
              await asPerson(CHANGE_EMAIL, { newEmail: freshAddress(), password: passwords[at] });
              break;
            case 'askVerification':
              await asPerson('/api/v1/auth/email/send-verification');
              break;
            case 'registerAgain':
              await gatehouse.browser().post('/api/v1/auth/register', {
                email: person.email,
                password: 'Next-Pass-1',
                name: 'X',
                tenantName: 'X',
              });
              break;
            case 'suspend':
              if ((await asAdmin('suspend')) === 200) suspended[at] = true;
              endLinks(person);
              break;
            case 'activate':
              if ((await asAdmin('activate')) === 200) suspended[at] = false;
              break;
            case 'wait':
              gatehouse.clock.advance({ minutes: action.minutes });
              break;
            case 'change': {
              const body = {
                currentPassword: action.right ? passwords[at] : 'Wrong-Pass-1',
                newPassword: `Own-Pass-${at + 1}`,
              };
              status = action.signedIn
                ? await asPerson(CHANGE, body)
                : (await gatehouse.browser({ origin: undefined }).post(CHANGE, body)).status;
              if (action.right && action.signedIn && !suspended[at]) allowed = at;
              // Guessed at too often: then the right one is refused as well.
              if (status === 423) allowed = undefined;
              if (allowed === at) {
                passwords[at] = body.newPassword;
                endLinks(person);
                seen.byOwner += 1;
              }
              break;
            }
            case 'spend': {
              const link = links.at(-1 - action.link);
              const [url, rest] = SPENDERS[action.by];
              const body = {
                ...rest,
                ...('password' in rest && action.weak && { password: 'weak' }),
                token: link?.token ?? `${'A'.repeat(22)}.${'B'.repeat(43)}`,
              };
              status = (await gatehouse.browser().post(url, body)).status;
              const age = gatehouse.clock.now().getTime() - (link?.mailedAt ?? 0);
              const owner = people.findIndex((one) => one === link?.person);
              if (
                action.by === 'reset' &&
                link?.path === '/reset-password' &&
                !link.spent &&
                age < 30 * 60_000 &&
                !action.weak &&
                !suspended[owner]
              ) {
                allowed = owner;
                passwords[owner] = 'Next-Pass-1';
                endLinks(people[owner]!);
                seen.byLink += 1;
              } else if (action.by === 'confirmEmail' && status === 204) {
                // Somebody has another address now: the model follows, and mails to it are theirs.
                for (const one of people) {
                  const [row] = await gatehouse.sql<{ email: string }>(
                    'select email from gatehouse.users where id = $1',
                    [one.userId],
                  );
                  if (row && row.email !== one.email) endLinks(one);
                  one.email = row?.email ?? one.email;
                }
              } else seen.refused += 1;
              break;
            }
          }
          await collect();
          const after = await stored(people);
          const set = after.map((secret, i) => secret !== before[i]);
          expect(set, `${JSON.stringify(action)} answered ${status}`).toEqual([allowed === 0, allowed === 1]);
          expect(status, JSON.stringify(action)).toBeLessThan(500);
          expect(action.do === 'forgot' ? status : 202).toBe(202);
        }
      }),
      { numRuns: 20, seed: 20_261_121 },
    );
    // Orders in which nothing is ever set would prove nothing.
    expect(seen.byLink).toBeGreaterThan(8);
    expect(seen.byOwner).toBeGreaterThan(5);
    expect(seen.refused).toBeGreaterThan(30);
  });
});

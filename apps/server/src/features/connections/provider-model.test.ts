import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProviderModel } from '../../../test/provider-model.fixture.ts';
import { POLICIES, type Step } from '../../../test/provider-steps.fixture.ts';
import { openProviderWorld, type ProviderWorld, VIAS } from '../../../test/provider-world.fixture.ts';

const SEED = 20_261_122;
const RUNS = 14;

const browser = fc.constantFrom(0, 1);
/** Counted from the newest; mostly the newest itself. */
const which = fc.constantFrom(0, 0, 0, 1, 2);
const mostly = fc.constantFrom(true, true, true, false);
const via = fc.constantFrom(...VIAS);
const on = fc.boolean();
const as = <Do extends Step['do']>(act: Do) => ({ do: fc.constant(act) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...as('begin'), browser, via }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...as('answer'),
      which,
      at: fc.constantFrom('same browser', 'same browser', 'other browser', 'other connection'),
      as: fc.constantFrom('owner', 'owner', 'owner, another account', 'newcomer'),
      isVerified: mostly,
      proved: fc.constantFrom('now', 'now', 'long ago', 'not said'),
      again: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ ...as('verify'), which, same: mostly, right: mostly }) },
  { weight: 2, arbitrary: fc.record({ ...as('enrol'), which, same: mostly, right: mostly }) },
  { weight: 2, arbitrary: fc.record({ ...as('password'), browser, right: mostly }) },
  {
    weight: 2,
    arbitrary: fc.record({ ...as('link'), which, same: mostly, says: fc.constantFrom('yes', 'yes', 'no') }),
  },
  { weight: 1, arbitrary: fc.record({ ...as('stepUp'), browser }) },
  { weight: 1, arbitrary: fc.record({ ...as('unlink'), browser, via }) },
  { weight: 1, arbitrary: fc.record({ ...as('leave'), browser }) },
  { weight: 1, arbitrary: fc.record({ ...as('serve'), via: fc.constantFrom('oidc', 'saml'), on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restrict', 'suspend', 'domain'), on }) },
  { weight: 1, arbitrary: fc.record({ ...as('demand'), policy: fc.constantFrom(...POLICIES) }) },
  { weight: 1, arbitrary: fc.record({ ...as('wait'), minutes: fc.constantFrom(1, 6, 16) }) },
);

const first = fc.constantFrom('mandatory', 'mandatory', 'optional', 'off');
const hasApp = fc.boolean();
const plain = { at: 'same browser', isVerified: true, again: false } as const;
const newest = { which: 0, same: true, right: true };
/** As people do it, each from beginning to end; between these stands whatever else. */
const honest = fc
  .record({
    browser,
    via,
    who: fc.constantFrom('owner', 'newcomer'),
    proved: fc.constantFrom('now', 'now', 'long ago', 'not said'),
    again: fc.constantFrom('now', 'now', 'long ago', 'not said'),
    next: fc.constantFrom('verify', 'enrol', 'stepUp', 'link'),
  })
  .map(({ browser: at, via: by, who, proved, again, next }): Step[] => [
    { do: 'begin', browser: at, via: next === 'link' ? 'google' : by },
    { do: 'answer', which: 0, as: who, proved, ...plain },
    ...{
      verify: [{ do: 'verify', ...newest } as const],
      enrol: [
        { do: 'answer', which: 0, as: who, proved: again, ...plain } as const,
        { do: 'enrol', ...newest } as const,
      ],
      stepUp: [
        { do: 'stepUp', browser: at } as const,
        { do: 'answer', which: 0, as: who, proved: again, ...plain } as const,
      ],
      link: [
        { do: 'password', browser: at, right: true } as const,
        { do: 'verify', ...newest } as const,
        { do: 'link', which: 0, same: true, says: 'yes' } as const,
      ],
    }[next],
  ]);
/** What happens between the two halves of a sign-in by this provider. */
const between = (by: (typeof VIAS)[number]) =>
  fc.record({ at: browser, policy: fc.constantFrom(...POLICIES) }).chain(({ at, policy }) =>
    fc.constantFrom<Step[]>(
      [{ do: 'unlink', browser: at, via: by }],
      [{ do: 'unlink', browser: at, via: by }],
      [
        { do: 'serve', via: by === 'saml' ? 'saml' : 'oidc', on: false },
        { do: 'serve', via: by === 'saml' ? 'saml' : 'oidc', on: true },
      ],
      [
        { do: 'suspend', on: true },
        { do: 'suspend', on: false },
      ],
      [{ do: 'restrict', on: true }],
      [{ do: 'demand', policy }],
      [{ do: 'wait', minutes: 6 }],
    ),
  );
/** In one browser while the other one is signed in. */
const meanwhile = fc
  .record({ at: browser, by: via, same: mostly, next: fc.constantFrom('verify', 'verify', 'enrol') })
  .chain(({ at, by, same, next }) =>
    between(by).map((acts): Step[] => [
      ...(by === 'google'
        ? [{ do: 'password', browser: at, right: true } as const]
        : [
            { do: 'begin', browser: at, via: by } as const,
            { do: 'answer', which: 0, as: 'owner', proved: 'now', ...plain } as const,
          ]),
      { do: next, ...newest },
      { do: 'begin', browser: 1 - at, via: by },
      {
        do: 'answer',
        which: 0,
        as: 'owner',
        proved: 'now',
        ...plain,
        at: same ? 'same browser' : 'other browser',
      },
      ...acts,
      { do: next, ...newest },
    ]),
  );
const steps = fc
  .array(
    fc.oneof(
      honest,
      meanwhile,
      meanwhile,
      step.map((one) => [one]),
      step.map((one) => [one]),
    ),
    {
      minLength: 6,
      maxLength: 10,
    },
  )
  .map((parts): Step[] => [
    // Each has the cookie that binds what it begins.
    { do: 'begin', browser: 0, via: 'oidc' },
    { do: 'begin', browser: 1, via: 'saml' },
    ...parts.flat(),
  ]);

describe('sign-in by providers, in whatever order', () => {
  let world: ProviderWorld;
  beforeAll(async () => {
    world = await openProviderWorld();
  });
  afterAll(() => world.close());

  it('opens the session that the rules allow, of whom the provider means, once, in the browser that began, and no other [threat 20] [threat 34]', async () => {
    const opened: Record<string, number> = {};
    const refused: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(first, hasApp, steps, async (policy, has, taken) => {
        const model = await openProviderModel(world, policy, has);
        for (const action of taken) {
          const { wrong, opened: isOpened } = await model.take(action);
          expect(wrong, `${JSON.stringify(action)} with ${JSON.stringify(model.state)}`).toBe(undefined);
          const count = isOpened ? opened : refused;
          count[action.do] = (count[action.do] ?? 0) + 1;
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    // Orders in which nobody ever comes in, or everybody does, would prove nothing.
    for (const way of ['answer', 'verify', 'enrol', 'password']) {
      expect(opened[way] ?? 0, `in by ${way}`).toBeGreaterThan(1);
      expect(refused[way] ?? 0, `refused by ${way}`).toBeGreaterThan(2);
    }
  }, 180_000);
});

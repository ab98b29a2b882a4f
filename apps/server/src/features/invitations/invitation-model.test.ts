import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InvitationStep, openInvitationModel } from '../../../test/invitation-model.fixture.ts';
import { openProviderWorld, type ProviderWorld } from '../../../test/provider-world.fixture.ts';
import { addOwner } from '../../../test/recovery.fixture.ts';
import type { Person } from '../../../test/standing/people.fixture.ts';

const SEED = 20_261_122;
const RUNS = 16;

const browser = fc.constantFrom(0, 1);
/** Counted from the newest; mostly the newest itself. */
const which = fc.constantFrom(0, 0, 0, 1, 2);
const mostly = fc.constantFrom(true, true, true, false);
const via = fc.constantFrom('oidc', 'oidc', 'google');
const as = fc.constantFrom('invited', 'invited', 'another', 'unverified');
const policy = fc.constantFrom('optional', 'optional', 'mandatory');
const twice = fc.boolean();
const act = <Do extends InvitationStep['do']>(name: Do) => ({ do: fc.constant(name) });
const step: fc.Arbitrary<InvitationStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record(act('invite')) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('resend', 'resend', 'revoke') }) },
  { weight: 2, arbitrary: fc.record({ ...act('password'), which }) },
  { weight: 2, arbitrary: fc.record({ ...act('passkey'), which, browser, twice }) },
  { weight: 3, arbitrary: fc.record({ ...act('begin'), which, browser, via }) },
  { weight: 4, arbitrary: fc.record({ ...act('answer'), which, same: mostly, as, twice }) },
  { weight: 3, arbitrary: fc.record({ ...act('accept'), which, as: fc.constantFrom('invited', 'another') }) },
  { weight: 2, arbitrary: fc.record({ ...act('login'), browser }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('limit', 'restrict'), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...act('demand'), policy }) },
  { weight: 1, arbitrary: fc.record({ ...act('wait'), hours: fc.constantFrom(1, 100) }) },
);

/** As people do it; between these stands whatever else. */
const honest = fc
  .record({
    browser,
    via,
    twice,
    way: fc.constantFrom('password', 'passkey', 'provider', 'account', 'former link'),
  })
  .map(({ browser: at, via: by, twice: again, way }): InvitationStep[] => [
    { do: 'invite' },
    ...{
      password: [{ do: 'password', which: 0 } as const, { do: 'login', browser: at } as const],
      passkey: [{ do: 'passkey', which: 0, browser: at, twice: again } as const],
      provider: [
        { do: 'begin', which: 0, browser: at, via: by } as const,
        { do: 'answer', which: 0, same: true, as: 'invited', twice: again } as const,
      ],
      account: [{ do: 'accept', which: 0, as: 'invited' } as const],
      'former link': [
        { do: 'resend' } as const,
        { do: 'passkey', which: 1, browser: at, twice: again } as const,
      ],
    }[way],
  ]);
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

describe('invitations, in whatever order', () => {
  let world: ProviderWorld;
  let stranger: Person;
  beforeAll(async () => {
    world = await openProviderWorld();
    stranger = await addOwner(world.world.gatehouse);
  });
  afterAll(() => world.close());

  it('are accepted once, by the invited address, as long as they stand and there is room, and open the session that the rules allow and no other [threat 24] [threat 57]', async () => {
    const accepted: Record<string, number> = {};
    const refused: Record<string, number> = {};
    const count = (of: Record<string, number>, way: string) => void (of[way] = (of[way] ?? 0) + 1);
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(policy, fc.constantFrom(true, false, false), steps, async (first, has, taken) => {
        const model = await openInvitationModel(world, stranger, first, has);
        for (const action of taken) {
          const { wrong, ...done } = await model.take(action);
          expect(wrong, `${JSON.stringify(action)} with ${JSON.stringify(model.state)}`).toBe(undefined);
          count(done.accepted ? accepted : refused, action.do);
          if (done.opened) opened += 1;
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    // Orders in which nobody ever comes in, or everybody does, would prove nothing.
    for (const way of ['password', 'passkey', 'answer', 'accept']) {
      expect(accepted[way] ?? 0, `accepted by ${way}`).toBeGreaterThan(0);
      expect(refused[way] ?? 0, `refused by ${way}`).toBeGreaterThan(2);
    }
    expect(opened).toBeGreaterThan(3);
  }, 180_000);
});

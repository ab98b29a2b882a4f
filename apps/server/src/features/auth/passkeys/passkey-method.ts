import { enterOwn } from '../../../platform/access/index.ts';
import type { Place } from '../second-factor/attempts.ts';
import type { Method } from '../second-factor/methods.ts';
import { challengeOf, type ChallengePurpose, isOpenChallenge, spendChallenge, tokenIn } from './challenge.ts';
import { advanceCounter } from './passkeys.repo.ts';
import { judgePasskey } from './stored-passkey.ts';

/** At sign-in and in a session: what was asked for the one does not count for the other. */
export const purposeAt = ({ at }: Pick<Place, 'at'>): ChallengePurpose =>
  at === 'sign-in' ? 'passkey-second-factor' : 'passkey-step-up';

/** A passkey as second factor: in its owner's hand (RFC 8176, `pop`), and unlocked by them. */
export const passkey: Method = {
  kind: 'passkey',
  amr: 'pop',
  isGiven: ({ passkey: answer }) => answer !== undefined,
  async find(deps, { owner, rows, place }, { passkey: answer }) {
    if (answer === undefined) return undefined;
    const token = tokenIn(answer);
    const home = enterOwn({ kind: 'claim', tenantId: owner.tenantId });
    const asker = { userId: owner.userId, by: place.by };
    const isOpen = await deps.doors.withTenant(home, (tx) =>
      isOpenChallenge(deps, tx, purposeAt(place), token, asker),
    );
    const judged = await judgePasskey(deps, owner, rows, answer, challengeOf(token));
    if (!isOpen || judged === undefined) return undefined;
    const { id, counter, isCopy } = judged;
    return { id, passkey: { counter, token, place }, isCopy };
  },
  async spend(deps, tx, { id, passkey: answered }) {
    if (answered === undefined) return false;
    const { counter, token, place } = answered;
    return (
      (await spendChallenge(deps, tx, purposeAt(place), token)) &&
      (await advanceCounter(tx, id, counter, deps.clock.now()))
    );
  },
};

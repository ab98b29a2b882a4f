import { RECENT } from '../../platform/access/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ConnectionRow } from './connections.repo.ts';
import { notProvedAnew } from './provider-problem.ts';
import { isProvedSince } from './providers/proof-time.ts';
import type { Provider } from './providers/provider.ts';
import type { Attempt } from './sign-in-attempt.ts';

/** Thrown out of the transaction, which takes back all of this sign-in; `finishSignIn` has the provider asked anew. */
export class ProofDue extends Error {
  /** Whether the provider has just said when the person proved who they are. */
  readonly isTimeSaid: boolean;
  constructor(isTimeSaid: boolean) {
    super('the provider has to prove anew who this is');
    this.isTimeSaid = isTimeSaid;
  }
}

/**
 * Whether a first factor may be set up by the word of a provider (docs/adr/0082).
 *
 * SECURITY: whoever finds somebody's session open at the provider would else give their account a factor of their own, and be them from
 * then on (threat 35). The request goes through the browser, where what it asks for can be taken out: so the answer decides, and a
 * provider that states times elsewhere, and none here, was not asked.
 *
 * @throws {ProofDue} where the provider has not been asked anew yet
 * @throws {Problem} `auth.not_proved_anew` where it has, and does not say that it did
 */
export function checkProofForEnrolment(
  { clock }: { clock: Clock },
  {
    row,
    attempt,
    provider,
    provedAt,
  }: {
    row: Pick<ConnectionRow, 'name'>;
    attempt: Pick<Attempt, 'anew'>;
    provider: Pick<Provider, 'provesAnew' | 'statesTime'>;
    provedAt: Date | undefined;
  },
): void {
  if (!provider.provesAnew) return;
  const { anew } = attempt;
  if (anew === undefined) {
    const latest = clock.now().getTime() - RECENT.maxAge * 1000;
    if (provedAt === undefined || provedAt.getTime() < latest) throw new ProofDue(provedAt !== undefined);
    return;
  }
  if (isProvedSince(provedAt, new Date(anew.since))) return;
  // It cannot say: nobody would come in, and whoever has no factor stays as they were.
  if (provedAt === undefined && !provider.statesTime && !anew.isTimeSaid) return;
  throw notProvedAnew(row);
}

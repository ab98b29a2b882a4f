import { RECENT } from '../../platform/access/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ConnectionRow } from './connections.repo.ts';
import type { IdentityKey } from './identities.repo.ts';
import { notProvedAnew } from './provider-problem.ts';
import { isProvedSince } from './providers/proof-time.ts';
import type { Provider } from './providers/provider.ts';
import type { Attempt } from './sign-in-attempt.ts';

/** Thrown out of the transaction, which takes back all of this sign-in; `finishSignIn` has the provider asked anew. */
export class ProofDue extends Error {
  /** Whom the provider meant. */
  readonly key: IdentityKey;
  constructor(key: IdentityKey) {
    super('the provider has to prove anew who this is');
    this.key = key;
  }
}

/**
 * Whether a first factor may be set up by the word of a provider (docs/adr/0082).
 *
 * SECURITY: whoever finds somebody's session open at the provider would else give their account a factor of their own, and be them from
 * then on (threat 35). The request goes through the browser, where what it asks for can be taken out: so the answer decides, and a
 * provider that states times, or ever did, and states none here, was not asked.
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
    key,
  }: {
    row: Pick<ConnectionRow, 'name' | 'settings'>;
    attempt: Pick<Attempt, 'anew'>;
    provider: Pick<Provider, 'provesAnew' | 'statesTime'>;
    provedAt: Date | undefined;
    key: IdentityKey;
  },
): void {
  if (!provider.provesAnew) return;
  const { anew } = attempt;
  if (anew === undefined) {
    const latest = clock.now().getTime() - RECENT.maxAge * 1000;
    if (provedAt === undefined || provedAt.getTime() < latest) throw new ProofDue(key);
    return;
  }
  if (isProvedSince(provedAt, new Date(anew.since))) return;
  // It cannot say: nobody would come in, and whoever has no factor stays as they were.
  if (provedAt === undefined && !isTimeStated(provider, row)) return;
  throw notProvedAnew(row);
}

/** Whether the provider says when people prove who they are: by its own word, or because it has done so before. */
export const isTimeStated = (
  provider: Pick<Provider, 'statesTime'>,
  { settings }: Pick<ConnectionRow, 'settings'>,
): boolean => provider.statesTime || settings.statesTime === true;

import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { SigningBrowser, SignInOutcome } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { getEnabledConnection } from './begin-sign-in.ts';
import { redirectUriOf } from './connection-message.ts';
import { enterByIdentity } from './enter-by-identity.ts';
import { issuePendingLink, LinkRequired } from './link-after-sign-in.ts';
import { asProblemOf } from './provider-problem.ts';
import { recordRefusedIdentity } from './refused-identity.ts';
import { spendMessageIds } from './saml/spend-message-ids.ts';
import { type Attempt, spendAttempt } from './sign-in-attempt.ts';

export interface FinishSignIn {
  connectionId: string;
  /** The query of the address that the provider sent the browser back to, as it stands. */
  query: string;
  state: string;
  cookie: string | undefined;
  browser: SigningBrowser;
}

/** What became of it; where something went wrong, the attempt says where the person wanted to go. */
export type Finished =
  | { attempt: Attempt; outcome: SignInOutcome }
  | {
      attempt: Attempt;
      problem: unknown;
      /** Waits for the login that the person has already. */
      linkToken?: string;
    };

/**
 * Takes the answer of a provider, and lets whoever it means in (spec W7 to W9).
 *
 * @throws {Problem} `auth.sign_in_expired`, before anything is known of the attempt
 */
export async function finishSignIn(
  deps: Deps,
  input: FinishSignIn,
  request: RequestContext,
): Promise<Finished> {
  const attempt = await spendAttempt(deps, input.state, input);
  try {
    const client = await deps.clients.get(attempt.clientId);
    // SECURITY: as it is now, and not as it was when the browser left (threat 45).
    const row = await getEnabledConnection(deps, attempt.connectionId);
    const redirectUri = redirectUriOf(deps.config, row);
    try {
      const provider = await deps.providers.get(row);
      // Of our own address and the query: what a proxy or a forged Host says of the rest does not count.
      const callback = new URL(`${redirectUri}?${input.query}`);
      const identity = await provider.redeem(callback, { ...attempt, state: input.state, redirectUri });
      await spendMessageIds(deps, row, identity);
      const entering = { row, identity, client, attempt, browser: input.browser };
      return { attempt, outcome: await enterByIdentity(deps, entering, request) };
    } catch (error) {
      const problem = asProblemOf(error);
      if (problem instanceof Problem) await recordRefusedIdentity(deps, row, problem, request);
      throw problem;
    }
  } catch (problem) {
    if (!(problem instanceof LinkRequired)) return { attempt, problem };
    return { attempt, problem, linkToken: await issuePendingLink(deps, problem.pending) };
  }
}

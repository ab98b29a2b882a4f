import { enterOwn } from '../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { OpenedSession, SignInOutcome } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { beginSignIn, getConnectionFor } from './begin-sign-in.ts';
import { enterInvited } from './by-invitation/enter-invited.ts';
import { enterByIdentity } from './enter-by-identity.ts';
import { findIdentity } from './identities.repo.ts';
import { issuePendingLink, LinkRequired } from './link-after-sign-in.ts';
import { linkOwnIdentity } from './link-own-identity.ts';
import { ProofDue } from './proof-before-enrolment.ts';
import { asProblemOf } from './provider-problem.ts';
import { type FinishSignIn, redeemAnswer, type Returned } from './redeem-answer.ts';
import { recordRefusedIdentity } from './refused-identity.ts';
import { type Attempt, spendAttempt } from './sign-in-attempt.ts';
import { finishStepUp } from './step-up/finish-step-up.ts';
import { keepTrial } from './trial/keep-trial.ts';

/** What became of it; where something went wrong, the attempt says where the person wanted to go. */
export type Finished =
  | { attempt: Attempt; outcome: SignInOutcome }
  /** Nothing yet: they go back to the provider, and prove anew who they are. */
  | { attempt: Attempt; provider: URL }
  /** It was a trial: what came of it waits for whoever tried, under this token. */
  | { attempt: Attempt; trialToken: string }
  /** Somebody who is signed in has proved anew who they are; the session goes on. */
  | { attempt: Attempt; proved: string; opened: OpenedSession }
  /** Somebody who is signed in has linked the provider's account to theirs. */
  | { attempt: Attempt; linked: string }
  | {
      attempt: Attempt;
      problem: unknown;
      /** Waits for the login that the person has already. */
      linkToken?: string;
    };

/**
 * Takes the answer of a provider, and lets whoever it means in (spec W7 to W9); or links it to whoever was signed in and asked for that;
 * or tells whoever tries the connection what would have come of it.
 *
 * @throws {Problem} `auth.sign_in_expired`, before anything is known of the attempt; `service.unavailable`, and nothing is spent, where the
 *   answer finds no place in the queue
 */
export async function finishSignIn(
  deps: Deps,
  input: FinishSignIn,
  request: RequestContext,
): Promise<Finished> {
  const { attempt, cookie, place } = await spendAttempt(deps, input.state, input);
  try {
    const client = await deps.clients.get(attempt.clientId);
    // SECURITY: as it is now, and not as it was when the browser left (threat 45).
    const row = await getConnectionFor(deps, attempt.connectionId, attempt);
    const returned = { ...input, attempt, cookie, place, row, client };
    if (attempt.trial !== undefined)
      return { attempt, trialToken: await keepTrial(deps, returned, attempt.trial, request) };
    try {
      const { identity, provider } = await redeemAnswer(deps, returned);
      if (attempt.linksTo !== undefined) {
        await linkOwnIdentity(deps, { ...returned, identity }, attempt.linksTo, request);
        return { attempt, linked: row.id };
      }
      if (attempt.proves !== undefined) {
        const opened = await finishStepUp(deps, { ...returned, identity }, attempt.proves, request);
        return { attempt, proved: row.id, opened };
      }
      const entering = { row, identity, client, attempt, browser: input.browser, provider };
      if (attempt.invitation === undefined)
        return { attempt, outcome: await enterByIdentity(deps, entering, request) };
      const { outcome, isNew } = await enterInvited(deps, entering, attempt.invitation, request);
      // Whoever had an account goes back to the invitation, and accepts it as who they are now.
      const returnTo = isNew ? `${deps.config.publicUrl}/` : attempt.returnTo;
      return { attempt: { ...attempt, returnTo }, outcome };
    } catch (error) {
      if (error instanceof ProofDue) {
        await recordAskedAnew(deps, error, request);
        return { attempt, provider: await askAnew(deps, returned) };
      }
      const problem = asProblemOf(error);
      if (problem instanceof Problem) await recordRefusedIdentity(deps, returned, problem, request);
      throw problem;
    }
  } catch (problem) {
    if (!(problem instanceof LinkRequired)) return { attempt, problem };
    return { attempt, problem, linkToken: await issuePendingLink(deps, problem.pending) };
  } finally {
    place?.release();
  }
}

/** The same sign-in once more, by a proof of now. */
const askAnew = (deps: Deps, { attempt, cookie }: Returned): Promise<URL> =>
  beginSignIn(deps, {
    connectionId: attempt.connectionId,
    client: attempt.clientId,
    returnTo: attempt.returnTo,
    cookie,
    invitation: attempt.invitation,
    anew: { since: deps.clock.now().toISOString() },
  });

/**
 * Somebody came by the session of a user: that is on record though the sign-in was taken back. An identity that enters nobody yet
 * names nobody.
 */
async function recordAskedAnew(deps: Deps, { key }: ProofDue, request: RequestContext): Promise<void> {
  const user = await findIdentity(deps.doors, key);
  if (user === undefined) return;
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: user.tenantId }), (tx) =>
    deps.audit.record(tx, {
      action: 'second_factor_asked',
      actor: { kind: 'anonymous', subject: { tenantId: user.tenantId, id: user.userId } },
      resource: { type: 'user', id: user.userId },
      after: { enrolment: true, connection: key.connectionId, provedAnew: false },
      request,
    }),
  );
}

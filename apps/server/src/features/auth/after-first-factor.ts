import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import type { SigningBrowser } from './signing-browser.ts';
import { type OpenedSession, openSession, type SettledAmr } from './open-session.ts';

/** Somebody who has just proved a first factor: a password, what a provider asserts, a passkey. */
export interface FirstFactor {
  userId: UserId;
  client: KnownClient;
  /** Which, in the words of RFC 8176. */
  amr: readonly string[];
  /** What the browser brought along (`browserOf`). */
  browser: SigningBrowser;
}

/** What a first factor leads to; `answerSignIn` turns it into cookies and a body. */
export type SignInOutcome = { next: 'session'; opened: OpenedSession };

/**
 * Decides what comes after a first factor. Every way in calls it, in the transaction that has judged the factor and holds the user
 * (`lockUser`), and nothing else opens a session for somebody who comes in.
 *
 * SECURITY: a way in that opened its session itself would be a way around what the tenant asks besides (threat 35).
 *
 * @param tx in the home tenant of the user.
 * @throws {Problem} as `openSession`
 */
export async function afterFirstFactor(
  deps: Deps,
  tx: TenantTx,
  proved: FirstFactor,
  request: RequestContext,
): Promise<SignInOutcome> {
  const { userId, client, amr } = proved;
  const opened = await openSession(deps, tx, { userId, client, amr: amr as SettledAmr }, request);
  return { next: 'session', opened };
}

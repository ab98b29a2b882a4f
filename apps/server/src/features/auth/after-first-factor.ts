import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { ssoRequired } from './sso-required.ts';
import type { SigningBrowser } from './signing-browser.ts';
import { type OpenedSession, openSession, type SettledAmr } from './open-session.ts';

/** Somebody who has just proved a first factor: a password, what a provider asserts, a passkey. */
export interface FirstFactor {
  userId: UserId;
  client: KnownClient;
  /** Which, in the words of RFC 8176. */
  amr: readonly string[];
  /** Of what a provider asserts: by which connection. The session ends with it, also one that a further factor opens later. */
  connectionId?: string;
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
 * @throws {Problem} `auth.sso_required`; as `openSession`
 */
export async function afterFirstFactor(
  deps: Deps,
  tx: TenantTx,
  proved: FirstFactor,
  request: RequestContext,
): Promise<SignInOutcome> {
  const { userId, client, amr, connectionId } = proved;
  // SECURITY: whichever way it is, and also one that comes later: a tenant of single sign-on has no other (spec W10, threat 52).
  const { signIn: rules } = await deps.tenantRules.within(tx);
  if (rules.policy === 'restricted' && connectionId === undefined) throw ssoRequired();
  const via = connectionId !== undefined && { connectionId };
  const opened = await openSession(deps, tx, { userId, client, amr: amr as SettledAmr, ...via }, request);
  return { next: 'session', opened };
}

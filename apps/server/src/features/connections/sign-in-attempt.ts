import { isSameSecret, randomSecret, sha256 } from '../../platform/crypto/index.ts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem } from '../../platform/http/index.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import type { SessionId, TenantId, UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import type { Place } from './saml/saml-thread.ts';

/** For so long somebody may be away at the provider, with a second factor and a password to find. */
const SECONDS = 900;

/** What was begun at a provider, sealed beside its token, which is the `state`. */
export interface Attempt {
  connectionId: string;
  nonce: string;
  codeVerifier: string;
  clientId: string;
  returnTo: string;
  /** The hash of the browser's cookie: who brings the answer is who went. */
  browser: string;
  /** SAML: the response, from when the provider has had it posted until the browser comes for it. */
  answer?: string;
  /** Who asked to have the provider's account enter theirs, and in which session. */
  linksTo?: { userId: UserId; tenantId: TenantId; sessionId: SessionId };
  /** Whose session goes on when the provider has had its owner prove anew who they are, and since when it was to. */
  proves?: { userId: UserId; tenantId: TenantId; sessionId: SessionId; since: string };
  /** Sent back to prove anew who they are, and since when. */
  anew?: { since: string };
  /** Somebody tries the connection: it signs nobody in, and this session alone is shown what came of it. */
  trial?: { sessionId: string };
  /** The token of the invitation that the person takes there. */
  invitation?: string;
}

export const hashOfBrowser = (cookie: string): string => sha256(cookie).toString('base64url');

/** Stores what was begun, in the tenant of the connection; resolves to what goes to the provider and must come back. */
export async function issueAttempt(
  deps: Deps,
  tenantId: TenantId,
  attempt: Omit<Attempt, 'nonce' | 'codeVerifier'>,
): Promise<{ state: string; attempt: Attempt }> {
  const whole: Attempt = {
    ...attempt,
    nonce: randomSecret(32).toString('base64url'),
    codeVerifier: randomSecret(32).toString('base64url'),
  };
  const state = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), (tx) =>
    deps.oneTimeTokens.issue(tx, 'connection-sign-in', { payload: whole, lifetimeSeconds: SECONDS }),
  );
  return { state, attempt: whole };
}

/**
 * Spends what was begun.
 *
 * SECURITY: of this very connection, so that no answer of one provider counts as another's (mix-up, threats 1, 2); by the browser
 * that began, so that nobody is signed in as somebody else by a link (login CSRF, threats 20, 33); once (threats 57, 79). A browser
 * that is not the one spends nothing.
 *
 * @returns with it the cookie by which the browser was known, and, where a response waits to be read, its place in the queue: whoever has it
 *   gives it back.
 * @throws {Problem} `auth.sign_in_expired`; `service.unavailable`, and nothing is spent
 */
export async function spendAttempt(
  deps: Deps,
  state: string,
  { connectionId, cookie }: { connectionId: string; cookie: string | undefined },
): Promise<{ attempt: Attempt; cookie: string; place: Place | undefined }> {
  const tenantId = tenantOfToken(state);
  if (tenantId === undefined || cookie === undefined) throw expired();
  let place: Place | undefined;
  const spend = async (tx: TenantTx): Promise<Attempt> => {
    const open = await deps.oneTimeTokens.read(tx, 'connection-sign-in', state);
    const attempt = open?.payload as Attempt | undefined;
    if (attempt?.connectionId !== connectionId) throw expired();
    if (!isSameSecret(Buffer.from(attempt.browser), Buffer.from(hashOfBrowser(cookie)))) throw expired();
    const spent = await deps.oneTimeTokens.consume(tx, 'connection-sign-in', state);
    if (spent === undefined) throw expired();
    // As it is now: a response may have been stored since it was read.
    const now = spent.payload as Attempt;
    if (now.answer === undefined) return now;
    // Where there is no place to read it, nothing of this has happened: the browser comes again.
    place = deps.providers.admit();
    // What a provider says of somebody is not kept once it was read.
    await deps.oneTimeTokens.remove(tx, 'connection-sign-in', state);
    return now;
  };
  try {
    const attempt = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), spend);
    return { attempt, cookie, place };
  } catch (error) {
    place?.release();
    throw error;
  }
}

export const expired = () => new Problem('auth.sign_in_expired', { detail: 'Begin again, in this browser.' });

import { challengeIn, isSameSecret, sha256 } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import type { UserId } from '../../../platform/ids.ts';
import type { Purpose } from '../../../platform/one-time-tokens/index.ts';
import type { Deps } from '../../deps.ts';

/** What a passkey is asked for, each under a purpose of its own: what answers one counts for no other (threat 57). */
export type ChallengePurpose = Extract<
  Purpose,
  'passkey-sign-in' | 'passkey-second-factor' | 'passkey-step-up' | 'new-passkey'
>;

export const CHALLENGE_SECONDS = 300;

/** Whom a challenge is for: a user, unless nobody is known yet; and the one sign-in, session or browser that asked for it. */
export interface Asker {
  userId?: UserId;
  /** A session token, the id of a session, or what a browser keeps. */
  by: string;
}

/** A challenge is a token of the one primitive, in base64url: it is single-use as every token is, and says in which tenant it lies. */
export async function issueChallenge(
  deps: Pick<Deps, 'oneTimeTokens'>,
  tx: TenantTx,
  purpose: ChallengePurpose,
  { userId, by }: Asker,
): Promise<string> {
  const token = await deps.oneTimeTokens.issue(tx, purpose, {
    ...(userId !== undefined && { subjectId: userId }),
    payload: { by: hashOf(by) },
    lifetimeSeconds: CHALLENGE_SECONDS,
  });
  return Buffer.from(token).toString('base64url');
}

/** The token that an answer says it was made for; it proves nothing. */
export const tokenIn = (answer: { response: { clientDataJSON: string } }): string =>
  Buffer.from(challengeIn(answer.response.clientDataJSON) ?? '', 'base64url').toString('utf8');

export const challengeOf = (token: string): string => Buffer.from(token).toString('base64url');

/**
 * Whether the challenge is open, for this user, and for whoever asks now. It spends nothing.
 *
 * SECURITY: an answer that somebody was tricked into giving elsewhere, or that was read on its way, counts in no other browser,
 * session or sign-in than the one that asked for it.
 */
export async function isOpenChallenge(
  deps: Pick<Deps, 'oneTimeTokens'>,
  tx: TenantTx,
  purpose: ChallengePurpose,
  token: string,
  { userId, by }: Asker,
): Promise<boolean> {
  const open = await deps.oneTimeTokens.read(tx, purpose, token);
  if (open === undefined || open.subjectId !== (userId ?? null)) return false;
  const made = (open.payload as { by: string }).by;
  return isSameSecret(Buffer.from(made), Buffer.from(hashOf(by)));
}

/** The id of somebody who is nobody yet, settled when their passkey was asked for. It proves nothing. */
export async function newcomerOf(
  deps: Pick<Deps, 'oneTimeTokens'>,
  tx: TenantTx,
  answer: { response: { clientDataJSON: string } },
): Promise<UserId | undefined> {
  const open = await deps.oneTimeTokens.read(tx, 'new-passkey', tokenIn(answer));
  return (open?.subjectId ?? undefined) as UserId | undefined;
}

/** Spends it: of many at once one is told true. */
export const spendChallenge = async (
  deps: Pick<Deps, 'oneTimeTokens'>,
  tx: TenantTx,
  purpose: ChallengePurpose,
  token: string,
): Promise<boolean> => (await deps.oneTimeTokens.consume(tx, purpose, token)) !== undefined;

const hashOf = (text: string) => sha256(text).toString('base64url');

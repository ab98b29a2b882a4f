import { enterOwn } from '../../../platform/access/index.ts';
import { isSameSecret, randomSecret, sha256 } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { Problem } from '../../../platform/http/index.ts';
import type { TenantId, UserId } from '../../../platform/ids.ts';
import { type Purpose, tenantOfToken } from '../../../platform/one-time-tokens/index.ts';
import type { KnownClient } from '../../clients/index.ts';
import type { Deps } from '../../deps.ts';
import { isOpenAccount, type LockedUser, lockUser } from '../account.repo.ts';
import type { Vouched } from '../proof-time.ts';
import type { SigningBrowser } from '../signing-browser.ts';
import { loadNewestFactor } from './factors.repo.ts';

/** What a sign-in waits for, each under a purpose of its own: a token for the one is worth nothing for the other. */
export const WAITS = { 'second-factor': 300, enrolment: 900 } as const satisfies Partial<
  Record<Purpose, number>
>;
export type Waiting = keyof typeof WAITS;

/** Of a sign-in whose first factor was right: what its session token stands for. It is no session and opens no route. */
interface Payload {
  clientId: string;
  amr: string[];
  /** Whose provider proved the first factor, and the rest of what it vouched for. */
  connectionId?: string;
  asOf?: string;
  provedAt?: string;
  endsAt?: string;
  /**
   * SECURITY: the token alone continues nothing (spec W6). A browser gets a cookie with it, which no script reads; a program, which
   * may keep no cookies, has to be the program that signed in.
   */
  bound: { to: 'browser' | 'program'; hash: string };
}

export interface IssuedPending {
  sessionToken: string;
  /** Seconds. */
  expiresIn: number;
  /** For the browser that signs in; undefined for a program. */
  cookie: string | undefined;
}

const hashOf = (text: string) => sha256(text).toString('base64url');

export async function issuePending(
  deps: Deps,
  tx: TenantTx,
  waiting: Waiting,
  of: {
    userId: UserId;
    client: KnownClient;
    amr: readonly string[];
    vouched?: Vouched;
    browser: SigningBrowser;
  },
): Promise<IssuedPending> {
  const cookie = of.browser.isBrowser ? randomSecret(16).toString('base64url') : undefined;
  const payload: Payload = {
    clientId: of.client.clientId,
    amr: [...of.amr],
    ...(of.vouched && keptOf(of.vouched)),
    bound:
      cookie === undefined
        ? { to: 'program', hash: hashOf(of.browser.userAgent) }
        : { to: 'browser', hash: hashOf(cookie) },
  };
  const expiresIn = WAITS[waiting];
  const options = { subjectId: of.userId, payload, lifetimeSeconds: expiresIn };
  return { sessionToken: await deps.oneTimeTokens.issue(tx, waiting, options), expiresIn, cookie };
}

/** A sign-in that waits, as its session token and its browser prove it. */
export interface PendingSignIn {
  waiting: Waiting;
  sessionToken: string;
  tenantId: TenantId;
  userId: UserId;
  email: string;
  client: KnownClient;
  amr: readonly string[];
  /** For `openSession`: what the provider that proved the first factor vouched for. */
  vouched: Vouched | undefined;
  browser: SigningBrowser;
  /** That the user added last: browsers in which it was proved are counted apart. */
  newestFactor: string | undefined;
}

export const pendingInvalid = () =>
  new Problem('auth.mfa_session_invalid', { detail: 'Sign in from the beginning.' });

/** @throws {Problem} `auth.mfa_session_invalid`: spent, expired, of another purpose, client or browser, or never made. */
export async function getPending(
  deps: Deps,
  waiting: Waiting,
  sessionToken: string,
  { browser, clientId }: { browser: SigningBrowser; clientId: string | undefined },
): Promise<PendingSignIn> {
  const tenantId = tenantOfToken(sessionToken);
  if (tenantId === undefined) throw pendingInvalid();
  const found = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const open = await deps.oneTimeTokens.read(tx, waiting, sessionToken);
    if (!open?.subjectId) return undefined;
    const userId = open.subjectId as UserId;
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user)) return undefined;
    const newestFactor = await loadNewestFactor(tx, userId);
    return { userId, email: user.email, newestFactor, ...(open.payload as Payload) };
  });
  if (found === undefined || !isBound(found.bound, browser)) throw pendingInvalid();
  if (clientId !== undefined && clientId !== found.clientId) throw pendingInvalid();
  const { userId, email, newestFactor, amr } = found;
  const client = await deps.clients.get(found.clientId);
  return {
    waiting,
    sessionToken,
    tenantId,
    userId,
    email,
    client,
    amr,
    vouched: vouchedOf(found),
    browser,
    newestFactor,
  };
}

/** JSON has no dates. */
const keptOf = ({ connectionId, asOf, provedAt, endsAt }: Vouched) => ({
  connectionId,
  ...(asOf && { asOf: asOf.toISOString() }),
  ...(provedAt && { provedAt: provedAt.toISOString() }),
  ...(endsAt && { endsAt: endsAt.toISOString() }),
});
const vouchedOf = ({ connectionId, asOf, provedAt, endsAt }: Payload): Vouched | undefined =>
  connectionId === undefined
    ? undefined
    : {
        connectionId,
        ...(asOf !== undefined && { asOf: new Date(asOf) }),
        ...(provedAt !== undefined && { provedAt: new Date(provedAt) }),
        ...(endsAt !== undefined && { endsAt: new Date(endsAt) }),
      };

function isBound({ to, hash }: Payload['bound'], browser: SigningBrowser): boolean {
  if ((to === 'browser') !== browser.isBrowser) return false;
  const proof = to === 'browser' ? browser.pendingCookie : browser.userAgent;
  return proof !== undefined && isSameSecret(Buffer.from(hashOf(proof)), Buffer.from(hash));
}

/**
 * Spends the session token, in the transaction that opens the session, behind the lock on the user: what ends the sign-ins that
 * wait (a new password, a change of factors, an administrator) has happened or has not begun.
 *
 * @throws {Problem} `auth.mfa_session_invalid`
 */
export async function spendPending(deps: Deps, tx: TenantTx, pending: PendingSignIn): Promise<LockedUser> {
  const user = await lockUser(tx, pending.userId);
  const spent = await deps.oneTimeTokens.consume(tx, pending.waiting, pending.sessionToken);
  if (!isOpenAccount(user) || spent?.subjectId !== pending.userId) throw pendingInvalid();
  return user;
}

/** Ends the sign-ins of a user that wait, in a browser or in a mailbox: whoever began one may have been somebody who knew what is changed now. */
export async function endPending(deps: Deps, tx: TenantTx, userId: UserId): Promise<void> {
  for (const purpose of [
    ...(Object.keys(WAITS) as Waiting[]),
    'new-totp',
    'new-passkey',
    'mail-link',
    'mail-code',
  ] as const)
    await deps.oneTimeTokens.revoke(tx, purpose, userId);
}

import { enterOwn } from '../../platform/access/index.ts';
import { isSameSecret } from '../../platform/crypto/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import { isOpenAccount, linkInvalid, lockUser, type SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { isChangedSince, isInService } from './connections.repo.ts';
import type { Entering } from './entering.ts';
import { confirmLink, type IdentityKey, insertIdentity, keyOf } from './identities.repo.ts';
import { recordLink } from './record-link.ts';
import { hashOfBrowser } from './sign-in-attempt.ts';

/** For so long somebody may take to sign in the way they did before. */
export const LINK_SECONDS = 900;

/** What waits for the existing login: a provider's account, and the one user whom it may come to enter. */
export interface PendingLink {
  key: IdentityKey;
  userId: UserId;
  tenantId: TenantId;
  /** The hash of the browser's cookie. */
  browser: string;
  /** When the person came from the provider: they sign in after that. */
  since: string;
}

/** Thrown out of the transaction that found the account; `finishSignIn` makes the link of it that waits. */
export class LinkRequired extends Problem {
  readonly pending: PendingLink;
  constructor(pending: PendingLink) {
    super('auth.link_required', {
      detail: 'Sign in as you did before; after that you can sign in either way.',
    });
    this.pending = pending;
  }
}

export const linkRequired = (deps: Deps, tx: TenantTx, entering: Entering, userId: UserId): LinkRequired =>
  new LinkRequired({
    since: deps.clock.now().toISOString(),
    key: keyOf(entering),
    userId,
    tenantId: tx.tenantId,
    browser: entering.attempt.browser,
  });

/** Keeps a link until its owner has signed in, for the fragment of the page that asks for it. */
export const issuePendingLink = (deps: Deps, pending: PendingLink): Promise<string> =>
  deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: pending.tenantId }), (tx) =>
    deps.oneTimeTokens.issue(tx, 'connection-link', {
      subjectId: pending.userId,
      payload: pending,
      lifetimeSeconds: LINK_SECONDS,
    }),
  );

/**
 * Lets a provider's account enter the user who has just signed in, in the browser that came from the provider.
 *
 * SECURITY: the user whom the address found, and nobody else (threats 19 to 21): the proof of one provider's account links no other,
 * and a session that somebody stole elsewhere brings no cookie of this browser.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export async function linkAfterSignIn(
  deps: Deps,
  principal: SignedInPrincipal,
  { token, cookie }: { token: string; cookie: string | undefined },
  request: RequestContext,
): Promise<void> {
  if (cookie === undefined || tenantOfToken(token) !== principal.homeTenantId) throw linkInvalid();
  const home = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
  await deps.doors.withTenant(home, async (tx) => {
    const user = await lockUser(tx, principal.userId);
    const open = await deps.oneTimeTokens.read(tx, 'connection-link', token);
    const pending = open?.payload as PendingLink | undefined;
    if (!isOpenAccount(user) || pending?.userId !== principal.userId) throw linkInvalid();
    // SECURITY: a session that stood open before proves nothing of who sits there now.
    if (principal.session.auth_time < new Date(pending.since)) throw linkInvalid();
    if (!isSameSecret(Buffer.from(pending.browser), Buffer.from(hashOfBrowser(cookie)))) throw linkInvalid();
    if (!(await deps.oneTimeTokens.consume(tx, 'connection-link', token))) throw linkInvalid();
    // As it was: one that was taken out of service, or changed, meanwhile links nobody.
    if (!(await isInService(tx, pending.key.connectionId))) throw linkInvalid();
    if (await isChangedSince(tx, pending.key.connectionId, new Date(pending.since))) throw linkInvalid();
    const { key } = pending;
    const isNew = await insertIdentity(tx, key, principal.userId, 'owner', deps.clock.now());
    if (!isNew && !(await confirmLink(tx, key, principal.userId))) throw linkInvalid();
    await recordLink(deps, tx, { key, userId: principal.userId, email: user.email }, request);
  });
}

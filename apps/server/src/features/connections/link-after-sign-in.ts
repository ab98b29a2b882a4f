import type { ConnectionKind, PendingIdentityLink } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import { isSameSecret } from '../../platform/crypto/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { isAddress } from '../../platform/email.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { TenantId, UserId } from '../../platform/ids.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import { actorOf } from '../audit/index.ts';
import { isOpenAccount, linkInvalid, lockUser, type SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { isChangedSince, isInService } from './connections.repo.ts';
import type { Entering } from './entering.ts';
import { confirmLink, type IdentityKey, insertIdentity, keyOf } from './identities.repo.ts';
import { calledShortly, inOneLine } from './in-one-line.ts';
import { recordLink } from './record-link.ts';
import { hashOfBrowser } from './sign-in-attempt.ts';

/** For so long somebody may take to sign in the way they did before. */
export const LINK_SECONDS = 900;

/** What waits for the existing login and for its owner's word: a provider's account, and the one user whom it may come to enter. */
export interface PendingLink {
  key: IdentityKey;
  userId: UserId;
  tenantId: TenantId;
  /** The hash of the browser's cookie. */
  browser: string;
  /** When the person came from the provider: they sign in after that. */
  since: string;
  /** When the connection had been written by which the provider's answer was judged. */
  asOf: string;
  connection: { id: string; kind: ConnectionKind; name: string };
  /** What the provider says of its account. The address goes by this name, by which erasure finds it. */
  email?: string;
  name?: string;
}

/** Thrown out of the transaction that found the account; `finishSignIn` makes the link of it that waits. */
export class LinkRequired extends Problem {
  readonly pending: PendingLink;
  constructor(pending: PendingLink) {
    super('auth.link_required', {
      detail: 'Sign in as you did before; then say whether the two are to be linked.',
    });
    this.pending = pending;
  }
}

export function linkRequired(deps: Deps, tx: TenantTx, entering: Entering, userId: UserId): LinkRequired {
  const { attempt, row, identity } = entering;
  const { email, name } = identity;
  return new LinkRequired({
    since: deps.clock.now().toISOString(),
    asOf: row.updated_at.toISOString(),
    key: keyOf(entering),
    userId,
    tenantId: tx.tenantId,
    browser: attempt.browser,
    connection: { id: row.id, kind: row.kind, name: row.name },
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
  });
}

/** Keeps a link until its owner has signed in, for the fragment of the page that asks for it. */
export const issuePendingLink = (deps: Deps, pending: PendingLink): Promise<string> =>
  deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: pending.tenantId }), (tx) =>
    deps.oneTimeTokens.issue(tx, 'connection-link', {
      subjectId: pending.userId,
      payload: pending,
      lifetimeSeconds: LINK_SECONDS,
    }),
  );

/** The link that somebody names, and the browser that they name it in. */
interface Named {
  token: string;
  cookie: string | undefined;
}

/**
 * What waits for the word of whoever has just signed in, for the page that asks for it.
 *
 * SECURITY: a stranger's page can have a browser come from a provider with the stranger's account (login CSRF, threat 20). Signing in
 * after that is what everybody does all day and says nothing of this account: its owner is shown it, and asked.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export const showPendingLink = (
  deps: Deps,
  principal: SignedInPrincipal,
  named: Named,
): Promise<PendingIdentityLink> =>
  withPendingLink(deps, principal, named, (_tx, { connection, key, email, name }, user) =>
    Promise.resolve({
      connection,
      issuer: inOneLine(key.issuer),
      account: isAddress(email ?? '') ? inOneLine(email ?? '') : calledShortly(key.subject),
      name: calledShortly(name ?? '') || null,
      email: user.email,
    }),
  );

/**
 * Lets a provider's account enter the user who has just signed in, in the browser that came from the provider, and who says so.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export const linkAfterSignIn = (
  deps: Deps,
  principal: SignedInPrincipal,
  named: Named,
  request: RequestContext,
): Promise<void> =>
  withPendingLink(deps, principal, named, async (tx, { key, asOf }, { email }) => {
    await spend(deps, tx, named);
    // SECURITY: as it was when it judged: one that was taken out of service, or changed, since then links nobody (threat 45).
    if (!(await isInService(tx, key.connectionId))) throw linkInvalid();
    if (await isChangedSince(tx, key.connectionId, new Date(asOf))) throw linkInvalid();
    const isNew = await insertIdentity(tx, key, principal.userId, 'owner', deps.clock.now());
    if (!isNew && !(await confirmLink(tx, key, principal.userId))) throw linkInvalid();
    await recordLink(deps, tx, { key, userId: principal.userId, email }, request);
  });

/**
 * Forgets what waits: its owner does not want it, or did not begin it.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export const declineLink = (
  deps: Deps,
  principal: SignedInPrincipal,
  named: Named,
  request: RequestContext,
): Promise<void> =>
  withPendingLink(deps, principal, named, async (tx, { key }) => {
    await spend(deps, tx, named);
    await deps.audit.record(tx, {
      action: 'identity_link_refused',
      actor: actorOf(principal),
      resource: { type: 'user', id: principal.userId },
      after: { connection: key.connectionId, verdict: 'declined' },
      request,
    });
  });

/**
 * SECURITY: for the user whom the address found, and nobody else (threats 19 to 21): the proof of one provider's account links no other,
 * and a session that somebody stole elsewhere brings no cookie of this browser. Whatever is wrong, the answer is the same.
 */
async function withPendingLink<Answer>(
  deps: Deps,
  principal: SignedInPrincipal,
  { token, cookie }: Named,
  work: (tx: TenantTx, pending: PendingLink, user: { email: string }) => Promise<Answer>,
): Promise<Answer> {
  if (cookie === undefined || tenantOfToken(token) !== principal.homeTenantId) throw linkInvalid();
  const home = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
  return deps.doors.withTenant(home, async (tx) => {
    const user = await lockUser(tx, principal.userId);
    const open = await deps.oneTimeTokens.read(tx, 'connection-link', token);
    const pending = open?.payload as PendingLink | undefined;
    if (!isOpenAccount(user) || pending?.userId !== principal.userId) throw linkInvalid();
    // SECURITY: a session that stood open before proves nothing of who sits there now.
    if (principal.session.auth_time < new Date(pending.since)) throw linkInvalid();
    if (!isSameSecret(Buffer.from(pending.browser), Buffer.from(hashOfBrowser(cookie)))) throw linkInvalid();
    return work(tx, pending, user);
  });
}

/** Once, and not kept: it says what a provider calls somebody. */
async function spend(deps: Deps, tx: TenantTx, { token }: Named): Promise<void> {
  if (!(await deps.oneTimeTokens.consume(tx, 'connection-link', token))) throw linkInvalid();
  await deps.oneTimeTokens.remove(tx, 'connection-link', token);
}

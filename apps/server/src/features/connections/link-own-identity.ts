import { enterOwn } from '../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { isOpenAccount, lockUser, type SignedInPrincipal, ssoRequired } from '../auth/index.ts';
import type { KnownClient } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { isSessionLive } from '../sessions/index.ts';
import { isOwnConnection } from '../settings/index.ts';
import { beginSignIn } from './begin-sign-in.ts';
import { type ConnectionRow, findConnection, isChangedSince, isInService } from './connections.repo.ts';
import { checkAllowedDomain } from './entering.ts';
import { confirmLink, insertIdentity, keyOf, loadLink } from './identities.repo.ts';
import type { ProvedIdentity } from './providers/provider.ts';
import { recordLink } from './record-link.ts';
import type { Returned } from './redeem-answer.ts';
import { type Attempt, expired } from './sign-in-attempt.ts';

/**
 * Sends somebody who is signed in to a provider, to have its account enter theirs (spec W8, U2).
 *
 * SECURITY: by a connection of the user's home or of the platform; that there are others is not told.
 *
 * @throws {Problem} `resource.not_found`, `auth.sso_required`, what `beginSignIn` throws
 */
export async function beginLink(
  deps: Deps,
  { homeTenantId, userId, sessionId, session }: SignedInPrincipal,
  { connectionId, cookie }: { connectionId: string; cookie: string },
): Promise<URL> {
  const found = await findConnection(deps.doors, connectionId);
  if (!found || (found.scope === 'tenant' && found.tenant_id !== homeTenantId))
    throw new Problem('resource.not_found', { detail: 'There is no such way to sign in.' });
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: homeTenantId }), (tx) =>
    checkPolicy(deps, tx, connectionId),
  );
  return beginSignIn(deps, {
    connectionId,
    cookie,
    client: session.client_id,
    // The account page, for apps of one's own, too: it is what shows and takes off what is linked.
    returnTo: undefined,
    linksTo: { userId, tenantId: homeTenantId, sessionId },
  });
}

/**
 * Has the account of a provider enter whoever asked for it, and opens no session.
 *
 * The address that the provider says decides nothing: whoever asks is signed in, and has just proved who they are.
 *
 * SECURITY: for the session that asked, in which somebody proved who they are, as long as it stands and the browser has no other
 * (threats 19 to 21). Who signed in over it, or found the tab after it had ended, links nothing to an account that is not theirs.
 * One conditional insert says whom an identity enters; that it enters somebody else is told, and not whom.
 *
 * @throws {Problem} `auth.sign_in_expired`, `auth.connection_disabled`, `auth.sign_in_refused`, `auth.sso_required`, `auth.identity_in_use`
 */
export async function linkOwnIdentity(
  deps: Deps,
  returned: Returned & { identity: ProvedIdentity },
  { userId, tenantId, sessionId }: NonNullable<Attempt['linksTo']>,
  request: RequestContext,
): Promise<void> {
  const { row, client } = returned;
  const held = await returned.sessionIn(client);
  if (held ? held.sessionId !== sessionId : !isWithheld(deps, client)) throw expired();
  // Idle and absolute end, and everything else that a session is worth.
  if ((await deps.sessionContexts.get(tenantId, sessionId)) === undefined) throw expired();
  await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const user = await lockUser(tx, userId);
    if (!isOpenAccount(user) || !(await isSessionLive(tx, sessionId))) throw expired();
    // As it is now, and not as it was when the browser left.
    if (!(await isInService(tx, row.id))) throw connectionDisabled();
    // SECURITY: what was judged by a certificate that is gone links nothing (threat 45).
    if (await isChangedSince(tx, row.id, row.updated_at)) throw expired();
    checkAllowedDomain(deps, user.email);
    await checkPolicy(deps, tx, row.id);
    const key = keyOf(returned);
    const isNew = await insertIdentity(tx, key, userId, 'owner', deps.clock.now());
    if (!isNew) {
      if (!(await loadLink(tx, key, userId))) throw inUse(row);
      // What the connection had linked unasked is now the owner's; what is the owner's already changes nothing.
      if (!(await confirmLink(tx, key, userId))) return;
    }
    await recordLink(deps, tx, { key, userId, email: user.email }, request);
  });
}

/** Browsers bring no cookie of ours along from another site where it is strict. The attempt's own is Lax, and says which browser it is. */
export const isWithheld = ({ config }: Deps, { tokenMode }: KnownClient): boolean =>
  (tokenMode === 'bearer' ? config.refreshCookieSameSite : config.cookieSameSite) === 'strict';

/** Where a tenant takes single sign-on only, it is by its own providers: another one would be a way in that lets nobody in. */
async function checkPolicy(deps: Deps, tx: TenantTx, connectionId: string): Promise<void> {
  const { signIn } = await deps.tenantRules.within(tx);
  if (signIn.policy === 'restricted' && !(await isOwnConnection(tx, connectionId))) throw ssoRequired();
}

const connectionDisabled = () =>
  new Problem('auth.connection_disabled', { detail: 'Link another account, or ask your administrator.' });
const inUse = ({ name }: ConnectionRow) =>
  new Problem('auth.identity_in_use', {
    detail: `Sign in with this account of ${name} and take it off there, or link another one.`,
  });

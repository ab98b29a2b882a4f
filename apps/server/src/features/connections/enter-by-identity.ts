import { enterOwn } from '../../platform/access/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { SignInOutcome } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { checkOpen, type Entering, holdRoles, noAccount, openFor } from './entering.ts';
import { enterForTheFirstTime, isAboveAuthor } from './first-sign-in.ts';
import { findIdentity, keyOf, loadLink } from './identities.repo.ts';
import { linkRequired } from './link-after-sign-in.ts';

/**
 * Lets in whoever a provider means: the user whom the identity enters, else by the rules for who comes for the first time.
 *
 * SECURITY: found by tenant, connection, issuer and subject, and by no address (threats 1 to 3).
 *
 * @throws {Problem} `auth.no_account`, `auth.email_unproved`, `auth.domain_unproved`, `auth.link_required`, `auth.sign_in_refused`,
 *   `auth.client_not_allowed`, `tenants.user_limit_reached`
 */
export async function enterByIdentity(
  deps: Deps,
  entering: Entering,
  request: RequestContext,
): Promise<SignInOutcome> {
  // A second time where somebody of the same identity was let in meanwhile, in another tab.
  const outcome =
    (await enterKnown(deps, entering, request)) ??
    (await enterForTheFirstTime(deps, entering, request)) ??
    (await enterKnown(deps, entering, request));
  if (outcome === undefined) throw noAccount();
  deps.metrics.signIn('accepted');
  return outcome;
}

async function enterKnown(
  deps: Deps,
  entering: Entering,
  request: RequestContext,
): Promise<SignInOutcome | undefined> {
  const { row } = entering;
  const found = await findIdentity(deps.doors, keyOf(entering));
  if (found === undefined) return undefined;
  if (row.scope === 'tenant' && found.tenantId !== row.tenant_id)
    throw new Error('an identity of a tenant’s connection lies in another tenant');
  return deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId: found.tenantId }), async (tx) => {
    await holdRoles(tx, row);
    await checkOpen(tx, found.userId);
    const link = await loadLink(tx, keyOf(entering), found.userId);
    // Unlinked while we looked.
    if (!link) throw noAccount();
    // SECURITY: judged each time, and not when it was linked: somebody who has risen since, above an author who may have fallen,
    // never let this connection speak for them.
    if (link.linkedBy === 'connection' && (await isAboveAuthor(deps, tx, row, found.userId)))
      throw linkRequired(deps, tx, entering, found.userId);
    return openFor(deps, tx, entering, found.userId, request);
  });
}

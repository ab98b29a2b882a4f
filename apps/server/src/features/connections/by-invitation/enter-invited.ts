import { enterOwn } from '../../../platform/access/index.ts';
import { emailKey, isAddress } from '../../../platform/email.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import { holdGround, linkInvalid, loadAccount, type SignInOutcome } from '../../auth/index.ts';
import type { Deps } from '../../deps.ts';
import { enterByLink, makeInvitedUser, otherAddress, readInvitation } from '../../invitations/index.ts';
import { loadUserByAddress } from '../../people/index.ts';
import { lockAdministrators } from '../../roles/index.ts';
import { checkEmailDomain } from '../../settings/index.ts';
import { isOwnDomain } from '../domains.repo.ts';
import { enterByIdentity } from '../enter-by-identity.ts';
import type { Entering } from '../entering.ts';
import { linkAndOpen, nameOf, unproved, type WithEmail } from '../first-sign-in.ts';
import { findIdentity, keyOf } from '../identities.repo.ts';
import { domainOf, vouchingOf } from '../vouching.ts';
import { checkConnectionOf } from './begin-by-invitation.ts';

/**
 * Lets in whoever took an invitation to a provider (spec W12). Whoever has an account is signed in by the rules of every sign-in, and
 * accepts with it afterwards. A newcomer becomes a user of the inviting tenant, if the provider vouches for the invited address.
 *
 * SECURITY: it takes both, the link that was mailed to the address, and a provider's word for that very address (threat 24). Neither
 * makes the other up.
 *
 * @throws {Problem} as `enterByIdentity`; `invitations.other_address`, and what `makeInvitedUser` throws
 */
export async function enterInvited(
  deps: Deps,
  entering: Entering,
  token: string,
  request: RequestContext,
): Promise<{ outcome: SignInOutcome; isNew: boolean }> {
  const { row, identity } = entering;
  checkConnectionOf(row, enterByLink(token).tenantId);
  const asKnown = async () => ({ outcome: await enterByIdentity(deps, entering, request), isNew: false });
  if (await findIdentity(deps.doors, keyOf(entering))) return asKnown();
  const email = identity.email?.trim();
  if (email === undefined || !isAddress(email)) throw unproved();
  const known: WithEmail = { ...entering, identity: { ...identity, email } };
  // Before an account of the address is looked for: whoever brings another one learns nothing, and links nothing.
  await checkVouched(deps, known, token);
  if (await hasAccount(deps, known)) return asKnown();
  return { outcome: await enterAsNewcomer(deps, known, token, request), isNew: true };
}

/** @throws {Problem} `auth.link_invalid`, `auth.email_unproved`, `invitations.other_address` */
const checkVouched = (deps: Deps, { row, identity }: WithEmail, token: string): Promise<void> =>
  deps.doors.withTenant(enterByLink(token), async (tx) => {
    const invitation = await readInvitation(deps, tx, token);
    const isOwn = await isOwnDomain(tx, domainOf(identity.email));
    if (!vouchingOf(deps.config, row, identity, isOwn).proved) throw unproved();
    if (emailKey(identity.email) !== invitation.email_key) throw otherAddress();
  });

/** An account that the provider could let in: of the platform anywhere, of a tenant there alone. */
async function hasAccount(deps: Deps, { row, identity }: WithEmail): Promise<boolean> {
  const key = emailKey(identity.email);
  if (row.scope === 'platform') return (await loadAccount(deps.doors, key)) !== undefined;
  const home = enterOwn({ kind: 'claim', tenantId: row.tenant_id });
  return deps.doors.withTenant(home, async (tx) => (await loadUserByAddress(tx, key)) !== undefined);
}

/** User, roles, link and session, and the invitation is spent, or nothing of it. */
async function enterAsNewcomer(
  deps: Deps,
  entering: WithEmail,
  token: string,
  request: RequestContext,
): Promise<SignInOutcome> {
  const { row, identity, client } = entering;
  const outcome = await deps.doors.withTenant(enterByLink(token), async (tx) => {
    // Roles, session rules, tenant: in the order of all locks (docs/adr/0059).
    await lockAdministrators(tx);
    if (!(await holdGround(tx, tx.tenantId, client.clientId))) throw linkInvalid();
    checkEmailDomain(await deps.tenantRules.within(tx), identity.email);
    const newcomer = {
      token,
      name: nameOf(identity),
      connectionId: row.id,
      ...(row.scope === 'tenant' && { entersByConnection: true as const }),
    };
    const { user } = await makeInvitedUser(deps, tx, newcomer, request, (invitation) => {
      if (emailKey(identity.email) !== invitation.email_key) throw otherAddress();
    });
    // By its owner, who chose this provider with the link in hand: it holds also where the roles stand above the connection's author.
    return linkAndOpen(deps, tx, entering, user.id, request, 'owner');
  });
  deps.metrics.signIn('accepted');
  return outcome;
}

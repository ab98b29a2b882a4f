import type { AcceptByPasskey, PasskeyCreationOptions } from '@gatehouse/contracts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { newId, type TenantId } from '../../platform/ids.ts';
import {
  afterFirstFactor,
  beginPasskey,
  checkPasswordsAllowed,
  checkPasswordsTaken,
  clientNotAllowed,
  confirmPasskey,
  holdGround,
  isServedBy,
  linkInvalid,
  MFA,
  newcomerOf,
  type SigningBrowser,
  type SignInOutcome,
  ssoRequired,
} from '../auth/index.ts';
import { CONSOLE_CLIENT } from '../clients/index.ts';
import type { Deps } from '../deps.ts';
import { lockAdministrators } from '../roles/index.ts';
import { checkEmailDomain, isSignInAllowed, signInRefused } from '../settings/index.ts';
import { makeInvitedUser } from './make-invited-user.ts';
import { enterByLink, readInvitation } from './open-invitation.ts';

/** Who asks for the passkey: whoever holds the link. */
const holderOf = (token: string) => `invitation ${token}`;

/**
 * Asks whoever holds an invitation for a passkey of a new account (spec W12, W13). It spends nothing.
 *
 * The account has its id from here on, since authenticators know it by that; it becomes one when the invitation is accepted.
 *
 * @throws {Problem} `auth.link_invalid`, `auth.sso_required`, `factors.passkeys_unavailable`
 */
export async function beginByPasskey(deps: Deps, token: string): Promise<PasskeyCreationOptions> {
  const inside = enterByLink(token);
  await checkTaken(deps, inside.tenantId);
  return deps.doors.withTenant(inside, async (tx) => {
    const { email } = await readInvitation(deps, tx, token);
    const newcomer = { tenantId: inside.tenantId, userId: newId<'user'>(), email };
    return beginPasskey(deps, tx, newcomer, holderOf(token));
  });
}

/**
 * Accepts an invitation with a new account that is entered by a passkey, and signs in. The link proves the address, the passkey is in its
 * owner's hand and has verified them: two factors, of whatever the tenant asks.
 *
 * @throws {Problem} `auth.link_invalid`, `auth.sso_required`, `auth.client_unknown`, `auth.client_not_allowed`, `auth.sign_in_refused`,
 *   `factors.passkey_unusable`, `factors.passkeys_unavailable`, `users.email_in_use`, `users.email_domain_refused`, `tenants.user_limit_reached`
 */
export async function acceptByPasskey(
  deps: Deps,
  { token, name, client: clientId, ...made }: AcceptByPasskey,
  browser: SigningBrowser,
  request: RequestContext,
): Promise<{ outcome: SignInOutcome; backupCodes: string[] | undefined }> {
  const inside = enterByLink(token);
  const { tenantId } = inside;
  const client = await deps.clients.get(clientId ?? CONSOLE_CLIENT);
  if (!isServedBy(client, { tenantId })) throw clientNotAllowed();
  const rules = await checkTaken(deps, tenantId);
  const { email, userId } = await deps.doors.withTenant(inside, async (tx) => ({
    email: (await readInvitation(deps, tx, token)).email,
    userId: await newcomerOf(deps, tx, made.passkey),
  }));
  if (userId === undefined) throw passkeyOver();
  await checkPasswordsTaken(deps, email);
  checkEmailDomain(rules, email);
  if (!isSignInAllowed(rules.signIn, { email, ip: request.ip })) throw signInRefused();
  // SECURITY: made for this very link; a challenge of somebody's session, or of another invitation, is of another holder (threat 57).
  const confirmed = await confirmPasskey(deps, { tenantId, userId }, made, holderOf(token), request);
  const accepted = await deps.doors.withTenant(inside, async (tx) => {
    // Roles, session rules, tenant: in the order of all locks (docs/adr/0059).
    await lockAdministrators(tx);
    if (!(await holdGround(tx, tenantId, client.clientId))) throw linkInvalid();
    const { user, actor } = await makeInvitedUser(deps, tx, { token, name, userId }, request);
    const backupCodes = await confirmed.add(tx, { tenantId, userId, email: user.email, actor });
    const proved = { userId, client, amr: [confirmed.amr, MFA], browser };
    return { outcome: await afterFirstFactor(deps, tx, proved, request), backupCodes };
  });
  deps.metrics.signIn('accepted');
  return accepted;
}

/** Where the deployment or the tenant lets its people in by providers only, a passkey is no way in. @throws {Problem} `auth.sso_required` */
async function checkTaken(deps: Deps, tenantId: TenantId) {
  checkPasswordsAllowed(deps);
  const rules = await deps.tenantRules.get(tenantId);
  if (rules.signIn.policy === 'restricted') throw ssoRequired();
  return rules;
}

const passkeyOver = () =>
  new Problem('auth.link_invalid', { detail: 'Begin again: this passkey can no longer be confirmed.' });

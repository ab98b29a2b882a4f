import type { RegisterByInvitation } from '@gatehouse/contracts';
import type { RequestContext } from '../../platform/http/index.ts';
import {
  checkNewPassword,
  checkPasswordsAllowed,
  hashNewPassword,
  loadTenantName,
  setPassword,
  ssoRequired,
} from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { checkEmailDomain } from '../settings/index.ts';
import { makeInvitedUser } from './make-invited-user.ts';
import { enterByLink, readInvitation } from './open-invitation.ts';

/**
 * Accepts an invitation without an account: the invited address enters a new one, at home in the inviting tenant. The link proves
 * the address.
 *
 * @throws {Problem} `auth.sso_required`, what `checkNewPassword` and `hashNewPassword` throw, `auth.link_invalid`,
 *   `users.email_domain_refused`, `tenants.user_limit_reached`,
 *   `users.email_in_use` where the address enters an account already: then the invitation is accepted with that one
 */
export async function registerByInvitation(
  deps: Deps,
  input: RegisterByInvitation,
  request: RequestContext,
): Promise<void> {
  checkPasswordsAllowed(deps);
  const inside = enterByLink(input.token);
  const rules = await deps.tenantRules.get(inside.tenantId);
  if (rules.signIn.policy === 'restricted') throw ssoRequired();
  const password = checkNewPassword(deps, rules.password, input.password);
  // Before the hash, so that a made-up link costs none.
  const open = await deps.doors.withTenant(inside, async (tx) => {
    const { email } = await readInvitation(deps, tx, input.token);
    return { email, tenantName: await loadTenantName(tx) };
  });
  // Of the tenant's own users; a guest's address is the home's business.
  checkEmailDomain(rules, open.email);
  const passwordHash = await hashNewPassword(deps, password, { ...open, name: input.name });
  await deps.doors.withTenant(inside, async (tx) => {
    const { user, spent, actor } = await makeInvitedUser(deps, tx, input, request);
    const ground = { by: 'invitation', spent } as const;
    await setPassword(deps, tx, { user, passwordHash, ground, actor }, request);
  });
}

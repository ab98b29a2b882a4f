import type { RegisterByInvitation } from '@gatehouse/contracts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { PrincipalId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import {
  addressInUse,
  checkNewPassword,
  checkPasswordsAllowed,
  hashNewPassword,
  loadTenantName,
  setPassword,
} from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { insertUser } from '../people/index.ts';
import { checkEmailDomain } from '../settings/index.ts';
import { enterByLink, readInvitation, readToAccept, spendInvitation } from './open-invitation.ts';

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
    const invitation = await readToAccept(deps, tx, input.token, request);
    const { id, email, roles } = invitation;
    const user = await insertUser(tx, {
      email,
      name: input.name,
      status: 'active',
      principalId: id as PrincipalId,
      now: deps.clock.now(),
    });
    if (!user) throw addressInUse();
    const spent = await spendInvitation(deps, tx, input.token, invitation, user.id);
    const self = { tenantId: tx.tenantId, id: user.id };
    const actor = { kind: 'user', ...self, email } as const;
    await deps.audit.record(tx, {
      action: 'invitation_accepted',
      actor,
      resource: { type: 'membership', id },
      after: { userId: user.id, userTenantId: tx.tenantId, roles },
      request,
    });
    await deps.audit.record(tx, {
      action: 'user_created',
      actor,
      resource: { type: 'user', id: user.id },
      after: {
        email: personal(self, email),
        name: personal(self, input.name),
        status: 'active',
        by: 'invitation',
        roles,
      },
      request,
    });
    const ground = { by: 'invitation', spent } as const;
    await setPassword(deps, tx, { user: { id: user.id, email }, passwordHash, ground, actor }, request);
  });
}

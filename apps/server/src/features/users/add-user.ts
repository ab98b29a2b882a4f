import type { CreateUser, User } from '@gatehouse/contracts';
import { Problem } from '../../platform/http/index.ts';
import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { checkMayAssign, grant } from '../roles/index.ts';
import { insertUser } from '../people/index.ts';
import { checkEmailDomain } from '../settings/index.ts';
import { presentUser } from './present-users.ts';
import { mailSetPasswordLink, whileLinksAreLeft } from './set-password-link.ts';
import { loadUser } from './users.repo.ts';

/**
 * Adds a user to the entered tenant (spec W11, R2): invited until the mailed link has set a password, and with no role but
 * those that are named and that the caller may grant. User, roles, records and mail are one transaction.
 *
 * @throws {Problem} `users.email_in_use`, `users.email_domain_refused`, `tenants.user_limit_reached`, `access.denied`, `rate.limited`, and whatever `grant` throws
 */
export async function addUser(deps: Deps, caller: Caller, input: CreateUser): Promise<User> {
  const { principal, entered, request } = caller;
  const roles = input.roles ?? [];
  if (roles.length > 0) await checkMayAssign(deps, caller);
  checkEmailDomain(await deps.tenantRules.get(entered.tenantId), input.email);
  const row = await whileLinksAreLeft(deps, caller, input.email, () =>
    deps.doors.withTenant(entered, async (tx) => {
      const now = deps.clock.now();
      const user = await insertUser(tx, { email: input.email, name: input.name, status: 'invited', now });
      if (!user)
        throw new Problem('users.email_in_use', {
          detail: 'Somebody of this tenant has this address; use another one.',
        });
      const self = { tenantId: tx.tenantId, id: user.id };
      await deps.audit.record(tx, {
        action: 'user_created',
        actor: actorOf(principal),
        resource: { type: 'user', id: user.id },
        after: {
          email: personal(self, input.email),
          name: personal(self, input.name),
          status: 'invited',
          roles,
        },
        request,
      });
      for (const role of roles) {
        await grant(deps, tx, principal, { principalId: user.principalId, role }, request);
      }
      await mailSetPasswordLink(deps, tx, { id: user.id, email: input.email }, request.correlationId);
      return loadUser(tx, user.id, now);
    }),
  );
  if (!row) throw new Error('a user that was added is not there');
  return presentUser(deps, row);
}

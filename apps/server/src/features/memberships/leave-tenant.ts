import { enterTenant } from '../../platform/access/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { SignedInPrincipal } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { keepAdministrators } from '../roles/index.ts';
import { endGuestMembership } from './end-membership.ts';
import { loadGuestForUpdate } from './memberships.repo.ts';

/**
 * Ends one's own membership as a guest, with its roles and the sessions with which one works there, also when that is the
 * present one. Home is not left: the account ends there by being erased. Where the membership or the tenant is suspended,
 * whoever suspended it decides.
 *
 * @throws {Problem} `memberships.home_fixed`, `resource.not_found`, `users.last_administrator`
 */
export async function leaveTenant(
  deps: Deps,
  principal: SignedInPrincipal,
  tenantId: string,
  request: RequestContext,
): Promise<void> {
  const { homeTenantId, userId } = principal;
  if (tenantId === homeTenantId)
    throw new Problem('memberships.home_fixed', { detail: 'Have your account erased instead.' });
  const inside = await enterTenant({ kind: 'member', tenantId: homeTenantId, userId }, tenantId, deps.doors);
  await deps.doors.withTenant(inside, (tx) =>
    keepAdministrators(
      tx,
      async () => {
        const membership = await loadGuestForUpdate(tx, { tenantId: homeTenantId, userId }, deps.clock.now());
        // Of two who end it at once, one finds it. The same answer as for a tenant that one never was in.
        if (membership?.status !== 'active')
          throw new Problem('resource.not_found', { detail: 'There is no such tenant for you.' });
        await endGuestMembership(deps, tx, membership, { principal, request });
      },
      // Nobody asks those who govern the tenant here: of guests alone who administer it, the last one stays.
      'members',
    ),
  );
}

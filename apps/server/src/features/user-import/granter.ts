import { ENTERING, enterOwn, enterTenant, type UserPrincipal } from '../../platform/access/index.ts';
import { emailKey, isAddress } from '../../platform/email.ts';
import type { PrincipalId, SessionId, TenantId } from '../../platform/ids.ts';
import { Told } from '../../platform/told.ts';
import { loadAccount } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { loadHomePrincipal } from '../people/index.ts';
import { loadHeld } from './user-import.repo.ts';

/**
 * The administrator in whose name an import gives roles, with what they hold at home at this moment.
 *
 * SECURITY: an import is one more path to a role, and takes the same rule as all others: what the granter does not hold nobody
 * gets, and only where the granter may act (threat 72). The operator says whose responsibility it is; the records say so too.
 *
 * @throws {Told} where nobody active signs in with this address
 */
export async function getGranter(deps: Deps, email: string): Promise<UserPrincipal> {
  const account = isAddress(email) ? await loadAccount(deps.doors, emailKey(email)) : undefined;
  if (account?.userStatus !== 'active' || account.tenantStatus !== 'active')
    throw new Told(
      '--granted-by must be the address of an active user, who has the roles that are to be given.',
    );
  const { tenantId, userId } = account;
  const home = enterOwn({ kind: 'system', tenantId, reason: 'import of users' });
  return deps.doors.withTenant(home, async (tx) => {
    const principalId: PrincipalId = await loadHomePrincipal(tx, userId);
    const { roles, permissions } = await loadHeld(tx, principalId, deps.clock.now());
    return {
      kind: 'user',
      tenantId,
      homeTenantId: tenantId,
      userId,
      principalId,
      // No session: nobody is signed in.
      sessionId: principalId as string as SessionId,
      roles: [...roles],
      permissions,
      email: account.email,
    };
  });
}

/** Whether roles may be given there in this name. @throws {Told} */
export async function checkGranterMayActIn(
  deps: Deps,
  granter: UserPrincipal,
  tenantId: TenantId,
): Promise<void> {
  const entered = await enterTenant(granter, tenantId, deps.doors).catch(() => undefined);
  const acts =
    entered !== undefined &&
    (entered.via === 'own' || ENTERING[entered.via].operate.some((it) => granter.permissions.has(it)));
  if (!acts || !granter.permissions.has('roles:assign'))
    throw new Told(`--granted-by: ${granter.email} may not give roles in tenant ${tenantId}.`);
}

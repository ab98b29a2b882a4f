import type { InvitationLink } from '@gatehouse/contracts';
import type { Deps } from '../deps.ts';
import { isOwnConnection } from '../settings/index.ts';
import { loadTenantName } from './invitations.repo.ts';
import { enterByLink, readInvitation } from './open-invitation.ts';

/**
 * What the holder of a link is shown: who invites, whom, and the ways to accept that the tenant takes. It spends nothing.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export async function showInvitation(deps: Deps, token: string): Promise<InvitationLink> {
  const inside = enterByLink(token);
  const shown = await deps.doors.withTenant(inside, async (tx) => {
    const { email, expires_at: expiresAt } = await readInvitation(deps, tx, token);
    return { tenantName: await loadTenantName(tx), email, expiresAt: expiresAt.toISOString() };
  });
  const isRestricted = (await deps.tenantRules.get(inside.tenantId)).signIn.policy === 'restricted';
  const offered = await deps.homeRealms.offered(inside.tenantId);
  const connections = isRestricted
    ? await deps.doors.withTenant(inside, async (tx) => {
        const own = await Promise.all(offered.map(({ id }) => isOwnConnection(tx, id)));
        return offered.filter((_connection, index) => own[index]);
      })
    : offered;
  return { ...shown, passwords: !isRestricted && deps.config.authPolicy !== 'restricted', connections };
}

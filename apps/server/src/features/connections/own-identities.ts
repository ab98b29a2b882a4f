import type { LinkableConnection, OwnIdentity } from '@gatehouse/contracts';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { actorOf } from '../audit/index.ts';
import {
  endPending,
  hasWayByAddress,
  isOpenAccount,
  lockUser,
  type SignedInPrincipal,
} from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { ROOT_TENANT } from '../../platform/ids.ts';
import { endSessionsOf } from '../sessions/index.ts';
import { isOwnConnection } from '../settings/index.ts';
import { findOfferedConnections, isInService, listEnabledConnections } from './connections.repo.ts';
import { deleteIdentity, listIdentities } from './identities.repo.ts';
import { platformConnection } from './platform-connections.ts';

/** Where a user's identities lie, whichever tenant the session works in. */
const homeOf = ({ homeTenantId }: SignedInPrincipal) => enterOwn({ kind: 'claim', tenantId: homeTenantId });

/** The providers' accounts that enter one's own. */
export const listOwnIdentities = (deps: Deps, principal: SignedInPrincipal): Promise<OwnIdentity[]> =>
  deps.doors.withTenant(homeOf(principal), async (tx) =>
    (await listIdentities(tx, principal.userId)).map((row) => {
      const platform = platformConnection(row.connection_id);
      return {
        id: row.id,
        connectionId: row.connection_id,
        kind: row.kind ?? platform?.kind ?? 'oidc',
        name: row.name ?? platform?.name ?? row.connection_id,
        linkedAt: row.created_at.toISOString(),
      };
    }),
  );

/** What may be linked besides: the connections of one's home and of the platform that are in service and enter nothing of one's own. */
export async function listLinkable(deps: Deps, principal: SignedInPrincipal): Promise<LinkableConnection[]> {
  const platform = await findOfferedConnections(deps.doors, undefined);
  return deps.doors.withTenant(homeOf(principal), async (tx) => {
    const linked = new Set((await listIdentities(tx, principal.userId)).map((each) => each.connection_id));
    const { signIn } = await deps.tenantRules.within(tx);
    // Those of the platform are the root tenant's own (`isOwnConnection`).
    const takesPlatform = signIn.policy === 'standard' || tx.tenantId === ROOT_TENANT;
    const own = await listEnabledConnections(tx);
    return [...own, ...(takesPlatform ? platform : [])]
      .filter(({ id }) => !linked.has(id))
      .map(({ id, kind, name }) => ({ id, kind, name }));
  });
}

/**
 * Takes a provider's account off one's own: it enters it no more. Never the last way in that works: that would be an account of
 * nobody. What it opened ends, but for the session that asks, and so do sign-ins that wait.
 *
 * @throws {Problem} `resource.not_found`, `users.last_way_in`
 */
export const unlinkIdentity = (
  deps: Deps,
  principal: SignedInPrincipal,
  id: string,
  request: RequestContext,
): Promise<void> =>
  deps.doors.withTenant(homeOf(principal), async (tx) => {
    // Two that are taken off at the same moment wait for each other here, and one of them stays.
    const user = await lockUser(tx, principal.userId);
    const identities = await listIdentities(tx, principal.userId);
    const wanted = identities.find((each) => each.id === id);
    if (!isOpenAccount(user) || wanted === undefined)
      throw new Problem('resource.not_found', { detail: 'No such account is linked to yours.' });
    const others = identities.filter((each) => each.id !== id).map((each) => each.connection_id);
    if (!(await hasAnotherWay(deps, tx, principal, others)))
      throw new Problem('users.last_way_in', { detail: 'Set a password, or link another account first.' });
    await deleteIdentity(tx, principal.userId, id);
    // SECURITY: whoever came in by it does not stay; the session that asks has just proved whose it is (threat 45).
    const keep = principal.sessionId;
    const connectionId = wanted.connection_id;
    const now = deps.clock.now();
    const endedSessions = await endSessionsOf(tx, principal.userId, 'identity unlinked', now, {
      keep,
      connectionId,
    });
    await endPending(deps, tx, principal.userId);
    await deps.audit.record(tx, {
      action: 'identity_unlinked',
      actor: actorOf(principal),
      resource: { type: 'user', id: principal.userId },
      before: { connection: connectionId },
      after: { endedSessions },
      request,
    });
  });

async function hasAnotherWay(
  deps: Deps,
  tx: TenantTx,
  { userId }: SignedInPrincipal,
  connections: readonly string[],
): Promise<boolean> {
  const { signIn } = await deps.tenantRules.within(tx);
  // Where the tenant takes single sign-on only, it is by its own providers; there, and where the deployment does, a password is no way in.
  for (const id of connections)
    if ((await isInService(tx, id)) && (signIn.policy === 'standard' || (await isOwnConnection(tx, id))))
      return true;
  if (deps.config.authPolicy === 'restricted' || signIn.policy === 'restricted') return false;
  return hasWayByAddress(tx, userId);
}

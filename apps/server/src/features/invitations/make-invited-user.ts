import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { PrincipalId, UserId } from '../../platform/ids.ts';
import { personal } from '../audit/index.ts';
import { addressInUse } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { insertUser } from '../people/index.ts';
import type { InvitationRow } from './invitations.repo.ts';
import { readToAccept, spendInvitation } from './open-invitation.ts';

/** A newcomer who accepts: how they call themselves, and how they will come in. */
export interface Newcomer {
  token: string;
  name: string;
  /** Settled before the passkey was made that enters it. */
  userId?: UserId;
  /** By a provider of the tenant, and not by the address: that may be somebody's elsewhere. */
  entersByConnection?: true;
  connectionId?: string;
}

/**
 * Makes the invited person a user at home in the inviting tenant, and spends the link, which has proved the address.
 *
 * @param check of the invitation as it is accepted, before anything is made.
 * @throws {Problem} `auth.link_invalid`, `users.email_in_use`, `tenants.user_limit_reached`, what `check` throws
 */
export async function makeInvitedUser(
  deps: Deps,
  tx: TenantTx,
  newcomer: Newcomer,
  request: RequestContext,
  check: (invitation: InvitationRow) => void = () => undefined,
) {
  const { token, name, userId, entersByConnection, connectionId } = newcomer;
  const invitation = await readToAccept(deps, tx, token, request);
  check(invitation);
  const { id, email, roles } = invitation;
  const user = await insertUser(tx, {
    email,
    name,
    status: 'active',
    principalId: id as PrincipalId,
    now: deps.clock.now(),
    ...(userId !== undefined && { id: userId }),
    ...(entersByConnection && { entersByConnection }),
  });
  if (!user) throw addressInUse();
  const spent = await spendInvitation(deps, tx, token, invitation, user.id);
  const self = { tenantId: tx.tenantId, id: user.id };
  const actor = { kind: 'user', ...self, email } as const;
  const by = connectionId === undefined ? {} : { connection: connectionId };
  await deps.audit.record(tx, {
    action: 'invitation_accepted',
    actor,
    resource: { type: 'membership', id },
    after: { userId: user.id, userTenantId: tx.tenantId, roles, ...by },
    request,
  });
  await deps.audit.record(tx, {
    action: 'user_created',
    actor,
    resource: { type: 'user', id: user.id },
    after: {
      email: personal(self, email),
      name: personal(self, name),
      status: 'active',
      by: 'invitation',
      roles,
      ...by,
    },
    request,
  });
  return { user: { id: user.id, email }, spent, actor };
}

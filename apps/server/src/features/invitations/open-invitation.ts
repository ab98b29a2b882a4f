import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import type { PrincipalId, TenantId } from '../../platform/ids.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import { holdActiveTenant, linkInvalid } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import { dropUnfoundedRoles, lockAdministrators } from '../roles/index.ts';
import {
  activatePrincipal,
  closeInvitation,
  type InvitationRow,
  loadInvitationForUpdate,
} from './invitations.repo.ts';

/** The tenant that a link names, entered by whoever holds it. @throws {Problem} `auth.link_invalid` */
export function enterByLink(token: string, homeTenantId?: TenantId) {
  const tenantId = tenantOfToken(token);
  if (tenantId === undefined) throw linkInvalid();
  return enterOwn({ kind: 'claim', tenantId, ...(homeTenantId !== undefined && { homeTenantId }) });
}

/** Which address it is for is told by the link, to whoever holds it. */
export const otherAddress = () =>
  new Problem('invitations.other_address', {
    detail: 'Sign in with the account of the address that the invitation was mailed to.',
  });

/**
 * The invitation of an open link, held until the transaction ends. The link stays open.
 *
 * @throws {Problem} `auth.link_invalid`
 */
export async function readInvitation(deps: Deps, tx: TenantTx, token: string): Promise<InvitationRow> {
  const open = await deps.oneTimeTokens.read(tx, 'invitation', token);
  const found = open?.subjectId
    ? await loadInvitationForUpdate(tx, open.subjectId, deps.clock.now())
    : undefined;
  if (!found) throw linkInvalid();
  return found;
}

/**
 * The same for whoever accepts it now: with the roles that whoever gave them can still give, and no others.
 *
 * SECURITY: an invitation lies about for days. Somebody who was suspended or lost a role in that time would otherwise go on giving it,
 * to an address of their own (threat 72).
 *
 * @throws {Problem} `auth.link_invalid`
 */
export async function readToAccept(
  deps: Deps,
  tx: TenantTx,
  token: string,
  request: RequestContext,
): Promise<InvitationRow> {
  // Before the row of the invitation, in the order of all locks (docs/adr/0059).
  await lockAdministrators(tx);
  const invitation = await readInvitation(deps, tx, token);
  const dropped = await dropUnfoundedRoles(tx, invitation.id as PrincipalId, deps.clock.now());
  for (const role of dropped)
    await deps.audit.record(tx, {
      action: 'role_removed',
      actor: { kind: 'system' },
      resource: { type: 'principal', id: invitation.id },
      before: { role },
      after: { reason: 'whoever gave it could not give it any more' },
      request,
    });
  return { ...invitation, roles: invitation.roles.filter((role) => !dropped.includes(role)) };
}

/**
 * Spends the link: of many acceptances at once one gets here (`consume` is one conditional UPDATE). From then on the principal
 * counts, and the invitation is over.
 *
 * @throws {Problem} `auth.link_invalid`, also where the tenant is suspended
 */
export async function spendInvitation(
  deps: Deps,
  tx: TenantTx,
  token: string,
  invitation: InvitationRow,
  acceptedBy: string,
) {
  const spent = await deps.oneTimeTokens.consume(tx, 'invitation', token);
  if (spent === undefined || spent.subjectId !== invitation.id || !(await holdActiveTenant(tx)))
    throw linkInvalid();
  await activatePrincipal(tx, invitation.id);
  await closeInvitation(tx, invitation, { outcome: 'accepted', acceptedBy, now: deps.clock.now() });
  return spent;
}

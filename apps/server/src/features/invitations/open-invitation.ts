import { enterOwn } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import { tenantOfToken } from '../../platform/one-time-tokens/index.ts';
import { holdActiveTenant, linkInvalid } from '../auth/index.ts';
import type { Deps } from '../deps.ts';
import {
  activatePrincipal,
  deleteInvitation,
  type InvitationRow,
  loadInvitationForUpdate,
} from './invitations.repo.ts';

/** The tenant that a link names, entered by whoever holds it. @throws {Problem} `auth.link_invalid` */
export function enterByLink(token: string, homeTenantId?: TenantId) {
  const tenantId = tenantOfToken(token);
  if (tenantId === undefined) throw linkInvalid();
  return enterOwn({ kind: 'claim', tenantId, ...(homeTenantId !== undefined && { homeTenantId }) });
}

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
 * Spends the link: of many acceptances at once one gets here (`consume` is one conditional UPDATE). From then on the principal
 * counts, and the invitation is gone.
 *
 * @throws {Problem} `auth.link_invalid`, also where the tenant is suspended
 */
export async function spendInvitation(deps: Deps, tx: TenantTx, token: string, invitation: InvitationRow) {
  const spent = await deps.oneTimeTokens.consume(tx, 'invitation', token);
  if (spent?.subjectId !== invitation.id || !(await holdActiveTenant(tx))) throw linkInvalid();
  await activatePrincipal(tx, invitation.id);
  await deleteInvitation(tx, invitation.id);
  return spent;
}

import { personBehind, personRequired } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { addressIndex } from '../../platform/address-index.ts';
import { emailKey } from '../../platform/email.ts';
import { actorOf, personal } from '../audit/index.ts';
import type { Caller } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { grant } from '../roles/index.ts';
import { closeInvitation, insertInvitation, loadExpiredForUpdate } from './invitations.repo.ts';
import { endOfLink, mailInvitation } from './mail-invitation.ts';

export interface Invitee {
  email: string;
  roles: readonly string[];
  /** The file that it came with. */
  importId: string | null;
}

/**
 * One invitation with its roles, record and mail. The roles are granted now, by the inviter, to a principal that counts once the
 * invitation is accepted (ADR 0049). Undefined where the address has an open one.
 *
 * @throws {Problem} `auth.person_required` for a service; whatever `grant` throws
 */
export async function makeInvitation(
  deps: Deps,
  tx: TenantTx,
  { principal, request }: Pick<Caller, 'principal' | 'request'>,
  { email, roles, importId }: Invitee,
): Promise<string | undefined> {
  const inviter = personBehind(principal);
  // An invitation names the person whom the invited may ask about it.
  if (inviter === undefined) throw personRequired();
  const key = emailKey(email);
  await giveWay(deps, tx, { principal, request }, key);
  const { expiresAt } = await endOfLink(deps, tx);
  const id = await insertInvitation(tx, {
    email,
    emailKey: key,
    invitedBy: { userId: inviter.userId, tenantId: inviter.homeTenantId },
    now: deps.clock.now(),
    expiresAt,
    importId,
  });
  if (id === undefined) return undefined;
  await deps.audit.record(tx, {
    action: 'invitation_created',
    actor: actorOf(principal),
    resource: { type: 'invitation', id },
    after: {
      email: personal({ tenantId: tx.tenantId, id }, email),
      roles,
      ...(importId !== null && { import: importId }),
    },
    request,
  });
  await deps.subjectKeys.setHolder(tx, id, { address: addressIndex(deps.blindIndex, email) });
  for (const role of roles) await grant(deps, tx, principal, { principalId: id, role }, request);
  await mailInvitation(deps, tx, { id, email }, request.correlationId);
  return id;
}

/** An invitation of the address that has expired gives way to the new one, and that is on record with it. */
async function giveWay(
  deps: Deps,
  tx: TenantTx,
  { principal, request }: Pick<Caller, 'principal' | 'request'>,
  key: string,
): Promise<void> {
  const now = deps.clock.now();
  const expired = await loadExpiredForUpdate(tx, key, now);
  if (expired === undefined) return;
  if (!(await closeInvitation(tx, expired, { outcome: 'revoked', acceptedBy: null, now }))) return;
  const { id, email, roles } = expired;
  await deps.audit.record(tx, {
    action: 'invitation_revoked',
    actor: actorOf(principal),
    resource: { type: 'invitation', id },
    before: { email: personal({ tenantId: tx.tenantId, id }, email), roles },
    after: { reason: 'expired' },
    request,
  });
}

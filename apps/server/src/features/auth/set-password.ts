import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Purpose, SpentToken } from '../../platform/one-time-tokens/index.ts';
import type { AuditEntry } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { endSessionsOf, forgetDevices } from '../sessions/index.ts';
import { writePassword } from './credentials.repo.ts';
import type { NewPasswordHash } from './new-password.ts';
import type { ProvenPassword } from './own-password.ts';
import { passwordChangedMail } from './recovery.mails.ts';
import { endPending } from './second-factor/pending-sign-in.ts';
import { sealPassword } from './sealed-credentials.ts';

/**
 * What entitles to set a password: a link that this transaction has spent, the present password, or the deployment's own
 * settings. The first two cannot be made up, only earned (threat 32).
 */
export type Ground =
  | { by: 'link' | 'reset' | 'registration' | 'setup' | 'invitation'; spent: SpentToken }
  | { by: 'owner'; proven: ProvenPassword }
  | { by: 'configuration' };

/** Links that a new password ends: whoever asked for one may have been somebody who knew the old password. */
const ENDED_LINKS: readonly Purpose[] = ['set-password', 'reset-password', 'change-email'];

/**
 * The one way to a password, whatever route it is set by: writes it, ends every session of the user and every link that could
 * set another, puts it on record, and tells the owner where there was an account to lose.
 */
export async function setPassword(
  deps: Deps,
  tx: TenantTx,
  set: {
    user: { id: UserId; email: string };
    passwordHash: NewPasswordHash;
    ground: Ground;
    actor: AuditEntry['actor'];
  },
  request: RequestContext | undefined,
): Promise<void> {
  const { user, ground } = set;
  const owner = { tenantId: tx.tenantId, userId: user.id };
  // SECURITY: the link that was spent is this user's (threat 5). Neither a registration nor an invitation has a user before it is confirmed.
  const isOfUser = ground.by === 'link' || ground.by === 'reset';
  if (isOfUser && ground.spent.subjectId !== user.id) throw new Error('a link of somebody else');
  if (ground.by === 'owner' && ground.proven.userId !== user.id)
    throw new Error('a password of somebody else');
  const now = deps.clock.now();
  await writePassword(tx, user.id, sealPassword(deps.sealer, owner, set.passwordHash), now);
  for (const purpose of ENDED_LINKS) await deps.oneTimeTokens.revoke(tx, purpose, user.id);
  // Whoever knew the former password may have a sign-in under way, or a browser that is remembered.
  await endPending(deps, tx, user.id);
  const forgottenDevices = await forgetDevices(tx, user.id);
  const endedSessions = await endSessionsOf(tx, user.id, 'password changed', now);
  await deps.audit.record(tx, {
    action: 'password_changed',
    actor: set.actor,
    resource: { type: 'user', id: user.id },
    after: { by: ground.by, endedSessions, forgottenDevices },
    request,
  });
  if ((ground.by === 'reset' || ground.by === 'owner') && request)
    await deps.outbox.mail(
      tx,
      'password_changed',
      passwordChangedMail(deps.config, user.email, request),
      request.correlationId,
    );
}

import { enterOwn } from '../../../platform/access/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import { emailKey } from '../../../platform/email.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import type { UserId } from '../../../platform/ids.ts';
import type { AuditEntry } from '../../audit/index.ts';
import type { Deps } from '../../deps.ts';
import { endSessionsOf, forgetDevices } from '../../sessions/index.ts';
import { loadAccount, lockUser } from '../account.repo.ts';
import { clearThrottle } from '../throttles.repo.ts';
import { factorThrottleKey } from './attempts.ts';
import { deleteFactors } from './factors.repo.ts';
import { endPending } from './pending-sign-in.ts';
import { factorsChangedMail } from './second-factor.mails.ts';

/**
 * Removes all second factors of a user who has lost them, and ends all sessions: a device that is lost may be in somebody's hands.
 * For whoever has decided that it may be, and holds the user; `forgetWrongFactors` comes after it. False where there was nothing to
 * remove.
 */
export async function resetFactors(
  deps: Deps,
  tx: TenantTx,
  { user, actor }: { user: { id: UserId; email: string }; actor: AuditEntry['actor'] },
  request: RequestContext | undefined,
): Promise<boolean> {
  const removed = await deleteFactors(tx, user.id);
  if (removed === 0) return false;
  await endPending(deps, tx, user.id);
  await forgetDevices(tx, user.id);
  const endedSessions = await endSessionsOf(tx, user.id, 'second factors reset', deps.clock.now());
  await deps.audit.record(tx, {
    action: 'factors_reset',
    actor,
    resource: { type: 'user', id: user.id },
    after: { endedSessions },
    request,
  });
  await deps.outbox.mail(
    tx,
    'factors_changed',
    factorsChangedMail(deps.config, user.email, 'reset', request),
    request?.correlationId ?? user.id.replaceAll('-', ''),
  );
  return true;
}

/** Clears what was counted against factors that are gone, behind the transaction that removed them: it belongs to no tenant. */
export async function forgetWrongFactors(deps: Deps, userId: UserId): Promise<void> {
  await deps.doors.asSystem('unlock after a reset', (tx) =>
    clearThrottle(tx, factorThrottleKey(deps, userId)),
  );
}

/** `gatehouse admin reset-factors`: whoever runs it holds the database's own keys. */
export async function resetFactorsByOperator(
  deps: Deps,
  email: string,
): Promise<'unknown' | 'none' | 'reset'> {
  const account = await loadAccount(deps.doors, emailKey(email));
  if (account === undefined) return 'unknown';
  const { tenantId, userId } = account;
  const reason = 'operator at the command line';
  const done = await deps.doors.withTenant(enterOwn({ kind: 'system', tenantId, reason }), async (tx) => {
    const user = await lockUser(tx, userId);
    if (!user) return false;
    const of = { user: { id: userId, email: user.email }, actor: { kind: 'system' } } as const;
    return resetFactors(deps, tx, of, undefined);
  });
  await forgetWrongFactors(deps, userId);
  return done ? 'reset' : 'none';
}

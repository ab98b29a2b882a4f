import type { TenantTx } from '../../../platform/database/index.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import { forgetDevices } from '../../sessions/index.ts';
import type { PasswordOwner } from '../own-password.ts';
import { replaceBackupCodes } from './backup-codes.ts';
import { listFactors } from './factors.repo.ts';
import { endPending } from './pending-sign-in.ts';
import { factorsChangedMail } from './second-factor.mails.ts';

/** A factor whose first proof was right. It becomes one in the transaction of what it entitles to. */
export interface ConfirmedFactor {
  /** What a session has it in `amr` as. */
  amr: string;
  /**
   * Adds it, for whoever has locked the user, and what comes with it (`completeAdding`).
   *
   * @throws {Problem} `auth.link_invalid` where it was added meanwhile, `factors.too_many`
   */
  add(tx: TenantTx, owner: PasswordOwner): Promise<string[] | undefined>;
}

/**
 * What comes with each new factor: backup codes where there are none, the end of sign-ins that wait and of remembered browsers, the
 * record; and the owner is told.
 */
export async function completeAdding(
  deps: Deps,
  tx: TenantTx,
  owner: PasswordOwner,
  { id, kind }: { id: string; kind: 'totp' | 'passkey' },
  request: RequestContext,
): Promise<string[] | undefined> {
  const { userId, email } = owner;
  const held = await listFactors(tx, userId);
  const codes = held.some((each) => each.kind === 'backup_code')
    ? undefined
    : await replaceBackupCodes(deps, tx, owner);
  await endPending(deps, tx, userId);
  await forgetDevices(tx, userId);
  await deps.audit.record(tx, {
    action: 'factor_added',
    actor: { kind: 'user', id: userId, tenantId: tx.tenantId, email },
    resource: { type: 'credential', id },
    after: { factor: kind, backupCodes: codes !== undefined },
    request,
  });
  const mail = factorsChangedMail(deps.config, email, kind === 'passkey' ? 'passkey' : 'added', request);
  await deps.outbox.mail(tx, 'factors_changed', mail, request.correlationId);
  return codes;
}

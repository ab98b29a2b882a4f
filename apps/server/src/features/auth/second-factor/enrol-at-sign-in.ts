import type { NewTotp, PasskeyCreationOptions } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import { type OpenedSession, openSession } from '../open-session.ts';
import type { PasswordOwner } from '../own-password.ts';
import { beginPasskey } from '../passkeys/add-passkey.ts';
import { beginTotp } from './add-totp.ts';
import type { ConfirmedFactor } from './factor-added.ts';
import { hasSecondFactor, loadNewestFactor } from './factors.repo.ts';
import { pendingInvalid, type PendingSignIn, spendPending } from './pending-sign-in.ts';
import { withSecondFactor } from './policy.ts';
import { ownerOfPending } from './verify-sign-in.ts';

const home = ({ tenantId }: PendingSignIn) => enterOwn({ kind: 'claim', tenantId });

/**
 * A secret for somebody who has to enrol before anything else (spec W5).
 *
 * @throws {Problem} `auth.mfa_session_invalid` where the account has a factor meanwhile
 */
export const beginEnrolment = (deps: Deps, pending: PendingSignIn): Promise<NewTotp> =>
  deps.doors.withTenant(home(pending), async (tx) => {
    checkStillWithout(await hasSecondFactor(tx, pending.userId));
    return beginTotp(deps, tx, pending);
  });

/**
 * A passkey for the same.
 *
 * @throws {Problem} `auth.mfa_session_invalid`, `factors.passkeys_unavailable`
 */
export const beginPasskeyEnrolment = (deps: Deps, pending: PendingSignIn): Promise<PasskeyCreationOptions> =>
  deps.doors.withTenant(home(pending), async (tx) => {
    checkStillWithout(await hasSecondFactor(tx, pending.userId));
    return beginPasskey(deps, tx, pending, pending.sessionToken);
  });

/**
 * Completes a sign-in by the first second factor of the account.
 *
 * SECURITY: only of an account that has none. A sign-in that began before the owner enrolled would else add a factor of whoever
 * knows the password, past the owner's.
 *
 * @throws {Problem} `auth.mfa_session_invalid`, what `confirm` and `openSession` throw
 */
export async function completeEnrolment(
  deps: Deps,
  pending: PendingSignIn,
  confirm: (owner: PasswordOwner) => Promise<ConfirmedFactor>,
  request: RequestContext,
): Promise<{ opened: OpenedSession; backupCodes: string[] | undefined; provedFactor: string | undefined }> {
  const owner = ownerOfPending(pending);
  const confirmed = await confirm(owner);
  const done = await deps.doors.withTenant(home(pending), async (tx) => {
    const { userId, client } = pending;
    const { email } = await spendPending(deps, tx, pending);
    checkStillWithout(await hasSecondFactor(tx, userId));
    const backupCodes = await confirmed.add(tx, { ...owner, email });
    const amr = withSecondFactor(pending.amr, confirmed.amr);
    const provedFactor = await loadNewestFactor(tx, userId);
    return {
      provedFactor,
      // SECURITY: a factor that is new proves nothing of whose account it is: the session is as old as what the provider said. Its
      // next code, or a backup code of this answer, steps up all the same: whose it is has been decided here (docs/adr/0078).
      opened: await openSession(deps, tx, { userId, client, amr, vouched: pending.vouched }, request),
      backupCodes,
    };
  });
  deps.metrics.signIn('accepted');
  return done;
}

function checkStillWithout(has: boolean): void {
  if (has) throw pendingInvalid();
}

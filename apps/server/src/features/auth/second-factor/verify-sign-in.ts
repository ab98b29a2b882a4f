import type { VerifyMfaRequest } from '@gatehouse/contracts';
import { enterOwn } from '../../../platform/access/index.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import type { Deps } from '../../deps.ts';
import type { SignInOutcome } from '../after-first-factor.ts';
import { knownByFactor } from '../known-device.ts';
import { openSession } from '../open-session.ts';
import type { PasswordOwner } from '../own-password.ts';
import { type PendingSignIn, spendPending } from './pending-sign-in.ts';
import { withSecondFactor } from './policy.ts';
import { proveFactor, spendFactor } from './prove-factor.ts';
import { rememberDeviceOf } from './remembered-devices.ts';

/** Whose factor is asked for at sign-in: nobody is signed in yet. */
export const ownerOfPending = ({ tenantId, userId, email }: PendingSignIn): PasswordOwner => ({
  tenantId,
  userId,
  email,
  actor: { kind: 'anonymous', subject: { tenantId, id: userId } },
});

/**
 * Completes a sign-in by its second factor (spec W6). The factor, the session token and the session are one transaction: neither is
 * spent without the other, and of many at once one opens a session.
 *
 * @throws {Problem} `auth.mfa_session_invalid`, `auth.mfa_failed`, `auth.account_locked`, `request.invalid`, and what `openSession`
 *   throws
 */
export async function verifySignIn(
  deps: Deps,
  pending: PendingSignIn,
  input: VerifyMfaRequest,
  request: RequestContext,
): Promise<SignInOutcome> {
  const { tenantId, userId, client, browser, newestFactor } = pending;
  const owner = ownerOfPending(pending);
  const { totp_code, backup_code, passkey } = input;
  const proof = {
    ...(totp_code !== undefined && { totp_code }),
    ...(backup_code !== undefined && { backup_code }),
    ...(passkey !== undefined && { passkey }),
  };
  const device = knownByFactor(deps.sealer, browser.deviceCookie, userId, newestFactor);
  const place = { at: 'sign-in', device, by: pending.sessionToken } as const;
  const proven = await proveFactor(deps, owner, proof, place, request);
  const { mfa } = await deps.tenantRules.get(tenantId);
  const outcome = await deps.doors.withTenant(enterOwn({ kind: 'claim', tenantId }), async (tx) => {
    const { email } = await spendPending(deps, tx, pending);
    await spendFactor(deps, tx, proven, request);
    const amr = withSecondFactor(pending.amr, proven.method.amr);
    // The factor is proved now, whenever the provider's word was.
    const vouched = pending.vouched && { ...pending.vouched, provedAt: deps.clock.now() };
    const opened = await openSession(deps, tx, { userId, client, amr, vouched }, request);
    if (input.remember_device !== true || mfa.rememberDays === 0 || !browser.isBrowser)
      return { next: 'session', opened, provedFactor: newestFactor } as const;
    const remembered = await rememberDeviceOf(
      deps,
      tx,
      {
        userId,
        actor: { kind: 'user', id: userId, tenantId, email },
        cookie: browser.rememberedCookie,
        days: mfa.rememberDays,
      },
      request,
    );
    return { next: 'session', opened, remembered, provedFactor: newestFactor } as const;
  });
  deps.metrics.signIn('accepted');
  return outcome;
}

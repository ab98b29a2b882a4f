import type { Sealer } from '../crypto/index.ts';
import { emailKey } from '../email.ts';
import { Problem } from '../http/problem.ts';
import type { TenantId } from '../ids.ts';
import type { Counter } from './counter.ts';

/**
 * What a mail is that somebody other than its reader can cause. Each kind is counted apart, so that a flood of one keeps
 * nobody from the others.
 */
export type MailKind =
  | 'registration'
  | 'account-locked'
  | 'set-password'
  | 'reset-password'
  | 'verify-email'
  | 'change-email'
  | 'change-email-notice';

/**
 * How many mails people can have sent to others, by the hour (spec D1).
 *
 * Asked before the transaction that sends: the count needs a connection of its own, and whoever holds one must not wait for
 * another.
 */
export interface MailLimits {
  /** Counts a mail of strangers to an address, whether anybody has it or not; false when it is one too many. */
  isLeft(kind: MailKind, email: string): Promise<boolean>;
  /**
   * Counts a mail that somebody signed in has sent to an address, whether anybody has it or not.
   *
   * @throws {Problem} `rate.limited`
   */
  checkAddress(kind: MailKind, email: string): Promise<void>;
  /**
   * Counts a mail that an administrator of the tenant has sent to an address.
   *
   * @throws {Problem} `rate.limited`
   */
  checkLeft(kind: MailKind, from: TenantId, email: string): Promise<void>;
}

export function createMailLimits(deps: {
  sealer: Sealer;
  byAddress: Counter;
  /** For links to set a new password, in the time in which one is good (features/auth/forgot-password.ts). */
  resetsByAddress: Counter;
  byTenant: Counter;
}): MailLimits {
  const { sealer, byAddress, resetsByAddress, byTenant } = deps;
  // SECURITY: the counters outlive the mail, and name no address.
  const countAddress = (kind: MailKind, email: string) =>
    (kind === 'reset-password' ? resetsByAddress : byAddress).count(
      `mail to:${kind}:${sealer.mac('mail address', emailKey(email)).toString('base64url')}`,
    );
  const checkAddress: MailLimits['checkAddress'] = async (kind, email) => {
    const ofAddress = await countAddress(kind, email);
    if (ofAddress.isLeft) return;
    throw new Problem('rate.limited', {
      detail: `At most ${byAddress.limit} mails of this kind an hour are sent to one address.`,
      retryAfter: ofAddress.secondsLeft,
    });
  };
  return {
    isLeft: async (kind, email) => (await countAddress(kind, email)).isLeft,
    checkAddress,
    async checkLeft(kind, from, email) {
      const ofTenant = await byTenant.count(`mail from:${from}`);
      if (!ofTenant.isLeft) {
        throw new Problem('rate.limited', {
          detail: `At most ${byTenant.limit} mails an hour are sent for the administrators of one tenant.`,
          retryAfter: ofTenant.secondsLeft,
        });
      }
      await checkAddress(kind, email);
    },
  };
}

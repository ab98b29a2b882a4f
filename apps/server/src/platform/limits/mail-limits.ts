import { networkOf } from '../../config/index.ts';
import type { BlindIndex } from '../crypto/index.ts';
import { emailKey } from '../email.ts';
import { Problem } from '../http/problem.ts';
import type { TenantId } from '../ids.ts';
import type { Count, Counter } from './counter.ts';

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
  | 'change-email-notice'
  | 'invitation'
  | 'sign-in';

/**
 * How many mails people can have sent to others (spec D1; docs/adr/0043). Counted are mails that are sent: what one counter
 * refuses, and what fails afterwards, is given back.
 *
 * Asked before the transaction that sends: the count needs a connection of its own, and whoever holds one must not wait for
 * another.
 */
export interface MailLimits {
  /** Counts a mail of strangers to an address, whether anybody has it or not; false when it is one too many. */
  isLeft(kind: MailKind, email: string): Promise<boolean>;
  /** The same for a registration: one network has a share of what goes to the address in a day. */
  isRegistrationLeft(email: string, ip: string): Promise<boolean>;
  /** The same for a link or code to sign in by, in the time in which one is good. */
  isSignInLeft(email: string, ip: string): Promise<boolean>;
  /**
   * Counts a mail that somebody signed in has sent to an address, whether anybody has it or not.
   *
   * @throws {Problem} `rate.limited`
   */
  checkAddress(kind: MailKind, email: string): Promise<void>;
  /**
   * Does what sends a mail to an address for the administrators of a tenant. When it fails, nothing was sent and nothing is
   * counted.
   *
   * @throws {Problem} `rate.limited`, and whatever the act throws
   */
  withinLimits<T>(kind: MailKind, from: TenantId, email: string, act: () => Promise<T>): Promise<T>;
  /**
   * The same for a mail to each of many addresses, done together. The act is told to which of them no further mail is left, and
   * answers to which it sent one: the rest is given back.
   *
   * @throws {Problem} `rate.limited` where the tenant has not as many left, and whatever the act throws
   */
  withinLimitsOfAll<T>(
    kind: MailKind,
    from: TenantId,
    emails: readonly string[],
    act: (refused: ReadonlySet<string>) => Promise<{ sent: ReadonlySet<string>; answer: T }>,
  ): Promise<T>;
  /** Forgets every count of an address: the person is erased. */
  forget(email: string): Promise<void>;
}

export interface MailCounters {
  byAddress: Counter;
  /** For links to set a new password, in the time in which one is good (features/auth/forgot-password.ts). */
  resetsByAddress: Counter;
  /** Of registrations: from one network to one address, and from all of them to one address. */
  registrations: { byNetwork: Counter; byAddress: Counter };
  /** The same of links and codes to sign in by. */
  signIns: { byNetwork: Counter; byAddress: Counter };
  /** Of administrators' mail: for one tenant, and, to one address, for one tenant and for all of them. */
  byTenant: Counter;
  byTenants: Counter;
  /** Removes every counter with this in its key. */
  forget(part: string): Promise<void>;
}

interface Wanted {
  counter: Counter;
  key: string;
  /** What is refused, for whoever may know. */
  what: string;
}

export function createMailLimits({
  blindIndex,
  onRefused,
  ...counters
}: MailCounters & { blindIndex: BlindIndex; onRefused(): void }): MailLimits {
  const takeAll = async (wanted: readonly Wanted[]) => {
    const taken = await takeOfEach(wanted);
    if (isRefused(taken)) onRefused();
    return taken;
  };
  // SECURITY: the counters outlive the mail, and name no address.
  const nameOf = (email: string) => blindIndex.of('mail address', emailKey(email)).toString('base64url');
  const to = (kind: MailKind, email: string) => `mail to:${kind}:${nameOf(email)}`;
  const toAddress = (counter: Counter, key: string): Wanted => ({
    counter,
    key,
    what: `${counter.limit} mails of this kind an hour are sent to one address`,
  });
  const ofAddress = (kind: MailKind, email: string) =>
    toAddress(kind === 'reset-password' ? counters.resetsByAddress : counters.byAddress, to(kind, email));
  const isShareLeft = async (
    kind: MailKind,
    { byNetwork, byAddress }: MailCounters['signIns'],
    email: string,
    ip: string,
  ) => {
    const key = to(kind, email);
    const wanted = [toAddress(byNetwork, `${key}:${networkOf(ip)}`), toAddress(byAddress, key)];
    return !isRefused(await takeAll(wanted));
  };
  const ofTenant = `${counters.byTenant.limit} mails an hour are sent for the administrators of one tenant`;
  // What is one's own first: whoever has used that up takes nothing of what all share.
  const forTenant = (kind: MailKind, from: TenantId, email: string): Wanted[] => {
    const key = to(kind, email);
    return [
      { counter: counters.byTenant, key: `mail from:${from}`, what: ofTenant },
      toAddress(counters.byAddress, `${key}:${from}`),
      toAddress(counters.byTenants, key),
    ];
  };
  return {
    isLeft: async (kind, email) => !isRefused(await takeAll([ofAddress(kind, email)])),
    isRegistrationLeft: (email, ip) => isShareLeft('registration', counters.registrations, email, ip),
    isSignInLeft: (email, ip) => isShareLeft('sign-in', counters.signIns, email, ip),
    async checkAddress(kind, email) {
      checkTaken(await takeAll([ofAddress(kind, email)]));
    },
    async withinLimits(kind, from, email, act) {
      const taken = checkTaken(await takeAll(forTenant(kind, from, email)));
      try {
        return await act();
      } catch (error) {
        await giveBack(taken);
        throw error;
      }
    },
    async withinLimitsOfAll(kind, from, emails, act) {
      const taken = new Map<string, readonly Count[]>();
      const refused = new Set<string>();
      const giveAllBack = async (keep: ReadonlySet<string> = new Set()) => {
        for (const [email, counts] of taken) if (!keep.has(email)) await giveBack(counts);
      };
      try {
        for (const email of emails) {
          const counts = await takeAll(forTenant(kind, from, email));
          if (!isRefused(counts)) taken.set(email, counts);
          else if (counts.what === ofTenant) checkTaken(counts);
          else refused.add(email);
        }
        const { sent, answer } = await act(refused);
        await giveAllBack(sent);
        return answer;
      } catch (error) {
        await giveAllBack();
        throw error;
      }
    },
    forget: (email) => counters.forget(nameOf(email)),
  };
}

interface Refused {
  what: string;
  secondsLeft: number;
}

const isRefused = (taken: readonly Count[] | Refused): taken is Refused => 'what' in taken;

/** Counts one on each, or on none of them. What is counted is never less than what was sent, however many ask at once. */
async function takeOfEach(wanted: readonly Wanted[]): Promise<readonly Count[] | Refused> {
  const taken: Count[] = [];
  for (const { counter, key, what } of wanted) {
    const count = await counter.count(key);
    taken.push(count);
    if (count.isLeft) continue;
    await giveBack(taken);
    return { what, secondsLeft: count.secondsLeft };
  }
  return taken;
}

async function giveBack(taken: readonly Count[]): Promise<void> {
  for (const count of taken) await count.giveBack();
}

function checkTaken(taken: readonly Count[] | Refused): readonly Count[] {
  if (!isRefused(taken)) return taken;
  throw new Problem('rate.limited', {
    detail: `At most ${taken.what}.`,
    retryAfter: taken.secondsLeft,
  });
}

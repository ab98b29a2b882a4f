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

/** Who has a mail sent before anybody is signed in. */
export interface Asker {
  ip: string;
  /** Of a browser that is known for the account (features/auth/known-device.ts), where there is one. */
  device?: string | undefined;
}

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
  /**
   * The same where each who asks has a share of what goes to the address: a network, or a browser that its owner has used before.
   *
   * SECURITY: such browsers are counted apart from all others, so that strangers cannot use up what the owner needs (threat 53). All
   * of one account together have a limit as well: whoever signs in to it again and again has as many of them as they like.
   */
  isShareLeft(kind: MailShare, email: string, from: Asker): Promise<boolean>;
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

/** Kinds of mail that strangers can cause of which each has a share. */
export type MailShare = 'registration' | 'sign-in' | 'reset-password';

/** Counters of one kind of mail to one address, each with a window of its own: for whoever causes it, and for all together. */
export interface Shares {
  each: readonly Counter[];
  all: readonly Counter[];
}

export interface MailCounters {
  byAddress: readonly Counter[];
  shares: Record<MailShare, Shares>;
  /** Of administrators' mail: for one tenant, and, to one address, for each tenant and for all of them. */
  byTenant: Counter;
  byTenants: Shares;
  /** Removes every counter with this in its key. */
  forget(part: string): Promise<void>;
}

const DAY = 86_400;

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
  const deviceName = (email: string, device: string) =>
    blindIndex.of('mail device', emailKey(email), device).toString('base64url');
  const toAddress = (counted: readonly Counter[], kind: MailKind, email: string, by = ''): Wanted[] =>
    counted.map((counter) => ({
      counter,
      // Windows of two lengths are two counters.
      key: `${counter.seconds < DAY ? 'mail to' : 'mail a day to'}:${kind}:${nameOf(email)}${by}`,
      what: `${counter.limit} mails of this kind ${counter.seconds < DAY ? 'an hour' : 'a day'} are sent to one address`,
    }));
  const ofAddress = (kind: MailKind, email: string) => toAddress(counters.byAddress, kind, email);
  // What is one's own first: whoever has used that up takes nothing of what all share.
  const ofShares = (kind: MailKind, { each, all }: Shares, email: string, by: string, of = ''): Wanted[] => [
    ...toAddress(each, kind, email, `${of}:${by}`),
    ...toAddress(all, kind, email, of),
  ];
  const ofTenant = `${counters.byTenant.limit} mails an hour are sent for the administrators of one tenant`;
  const forTenant = (kind: MailKind, from: TenantId, email: string): Wanted[] => [
    { counter: counters.byTenant, key: `mail from:${from}`, what: ofTenant },
    ...ofShares(kind, counters.byTenants, email, from),
  ];
  return {
    isLeft: async (kind, email) => !isRefused(await takeAll(ofAddress(kind, email))),
    async isShareLeft(kind, email, { ip, device }) {
      const shares = counters.shares[kind];
      const wanted =
        device === undefined
          ? ofShares(kind, shares, email, networkOf(ip))
          : ofShares(kind, shares, email, deviceName(email, device), ':known');
      return !isRefused(await takeAll(wanted));
    },
    async checkAddress(kind, email) {
      checkTaken(await takeAll(ofAddress(kind, email)));
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

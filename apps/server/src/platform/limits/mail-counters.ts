import type { Counters } from './counter.ts';
import type { MailCounters, Shares } from './mail-limits.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** As many can use up their share of one address before nobody else has any left. */
const SHARES = 4;
/** As many times what goes out in an hour, or while one is good, goes out in a day: nobody wakes up to a full mailbox. */
const TIMES_A_DAY = 3;

/** What is counted for how long (docs/adr/0043, 0080). */
export function mailCounters(
  counters: Pick<Counters, 'upTo' | 'forget'>,
  {
    toAddress,
    byTenant,
    signInSeconds,
    resetSeconds,
  }: {
    /** Mails of a kind, to one address. */
    toAddress: number;
    byTenant: number;
    /** How long what is mailed to sign in by is good, and a link to set a new password. */
    signInSeconds: number;
    resetSeconds: number;
  },
): MailCounters {
  const upTo = (times: number, seconds: number) => counters.upTo(times * toAddress, seconds);
  const day = (times: number) => upTo(times * TIMES_A_DAY, DAY);
  const shared = (seconds: number): Shares => ({
    each: [upTo(1, seconds), day(1)],
    all: [upTo(SHARES, seconds), day(SHARES)],
  });
  return {
    byAddress: [upTo(1, HOUR), day(1)],
    shares: {
      registration: { each: [upTo(1, DAY)], all: [upTo(SHARES, DAY)] },
      'sign-in': shared(signInSeconds),
      // No share of the half hour: while no further mail is left, the newest link is still good, whoever asked for it.
      'reset-password': { each: [day(1)], all: [upTo(1, resetSeconds), day(SHARES)] },
    },
    byTenant: counters.upTo(byTenant, HOUR),
    byTenants: shared(HOUR),
    forget: (part) => counters.forget(part),
  };
}
